using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Files;

/// <summary>
/// Looks an <c>Idempotency-Key</c> up before a body is read, so that a repeat costs nothing. The commit looks again, in its
/// transaction: two requests with one key at one time still have one effect.
/// </summary>
internal sealed class StoredAnswers(OperationCatalog operations)
{
    /// <summary>The stored answer; null when the key was not used.</summary>
    public async Task<StoredAnswer?> FindAsync(TenantId tenant, OperationKey operation)
    {
        var result = await operations.FindNamespaceResultAsync(tenant, operation, CancellationToken.None);
        if (result is null)
            return null;
        var problem = UploadRefusals.Of(result);
        return new StoredAnswer(problem is null ? result : null, problem);
    }
}

/// <summary>An answer of an earlier request with the same key.</summary>
/// <param name="Result">What was done; null when there is a problem.</param>
/// <param name="Problem">The key was used for another request; else null.</param>
internal sealed record StoredAnswer(NamespaceResult? Result, Problem? Problem);

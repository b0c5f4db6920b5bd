using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Answers kept for idempotency keys (http-api, Repeats).</summary>
public sealed class OperationCatalog(CatalogDatabase database)
{
    /// <summary>How long an answer is kept: longer than any client retries.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(7);

    /// <summary>How long it is kept under a key of the server's own: longer than any call is repeated.</summary>
    public static readonly TimeSpan OwnRetention = TimeSpan.FromHours(1);

    /// <summary>Tenant under which an operator's commands that belong to no tenant are kept.</summary>
    public static readonly TenantId NoTenant = new(0);

    /// <summary>Looks a key up before the work is done again.</summary>
    /// <returns>The stored answer as JSON and whether the request is the same; null when the key was not used.</returns>
    public Task<StoredOperation?> FindAsync(TenantId tenant, OperationKey key, CancellationToken cancellationToken) =>
        database.ReadAsync(session => OperationLedger.Find(session, tenant, key), cancellationToken);

    /// <summary>
    /// Looks the key of a namespace change up, so that a repeated PUT need not send its bytes again.
    /// </summary>
    /// <returns>The first answer, a mismatch, or null when the key was not used.</returns>
    public async Task<NamespaceResult?> FindNamespaceResultAsync(TenantId tenant, OperationKey key, CancellationToken cancellationToken) =>
        await FindAsync(tenant, key, cancellationToken) switch
        {
            null => null,
            { Matches: false } => NamespaceResult.Refused(NamespaceStatus.OperationMismatch),
            var stored => NamespaceOutcome.Read(stored.Result),
        };

    /// <summary>
    /// Looks the key of an administrative change up, for what is found no more: a repeated delete gives the first answer.
    /// </summary>
    /// <returns>The first answer, a mismatch, or null when there is no key or it was not used.</returns>
    public async Task<AdminResult?> FindAdminResultAsync(TenantId tenant, OperationKey? key, CancellationToken cancellationToken) =>
        key is null ? null : (await database.ReadAsync(session => AdminOutcome.Find(session, tenant, key), cancellationToken))?.ToResult();

    /// <summary>Removes a page of answers that are older than <see cref="Retention"/>.</summary>
    /// <returns>How many; a full page means that there may be more.</returns>
    public Task<int> PruneAsync(int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(session => OperationLedger.DeleteBefore(session, session.Now - Retention, limit), cancellationToken);
}

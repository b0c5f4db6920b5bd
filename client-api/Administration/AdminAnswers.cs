using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Administration;

/// <summary>Maps the answer of an administrative command to HTTP: the one place where its statuses meet problem codes.</summary>
internal static class AdminAnswers
{
    /// <summary>The refusal; null when the command was done, created or accepted.</summary>
    public static Problem? ToProblem(AdminResult result)
    {
        var detail = result.Detail ?? "The command was refused.";
        var kind = result.Status switch
        {
            AdminStatus.Done or AdminStatus.Created or AdminStatus.Accepted => null,
            AdminStatus.NotFound => ProblemKinds.NotFound,
            AdminStatus.Conflict or AdminStatus.OperationMismatch => ProblemKinds.Conflict,
            AdminStatus.NotEmpty => ProblemKinds.NotEmpty,
            AdminStatus.LegalHold => ProblemKinds.LegalHold,
            AdminStatus.NoTarget => ProblemKinds.NoTarget,
            AdminStatus.Invalid => ProblemKinds.InvalidRequest,
            _ => ProblemKinds.Internal,
        };
        return kind is null ? null : new Problem(kind, detail).With("field", result.Field);
    }

    /// <summary>Status of a delete: 204 when it is done, 202 when background work completes it.</summary>
    public static IResult Deleted(AdminResult result) =>
        ToProblem(result) ?? (result.Status == AdminStatus.Accepted ? new Accepted() : ApiResults.NoContent);

    /// <summary>
    /// The answer to a delete of what is not there: the first one, when this is a repeat of the request that removed it.
    /// </summary>
    public static async Task<IResult> DeletedBeforeAsync(
        OperationCatalog operations, TenantId tenant, OperationKey? operation, Problem missing, CancellationToken cancellationToken) =>
        await operations.FindAdminResultAsync(tenant, operation, cancellationToken) is { } first ? Deleted(first) : missing;

    private sealed class Accepted : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        }
    }
}

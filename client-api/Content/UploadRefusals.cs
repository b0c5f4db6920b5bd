using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Content;

/// <summary>Maps what the catalog and the scope's grain refuse to problems.</summary>
internal static class UploadRefusals
{
    /// <summary>For the beginning of an upload.</summary>
    public static Problem Of(UploadBegun begun) => begun.Status switch
    {
        UploadStatus.ScopeGone => Problem.NotFound("There is no such scope."),
        UploadStatus.ScopeQuotaExceeded => Quota("scope", begun.Limit, begun.Used),
        UploadStatus.TenantQuotaExceeded => Quota("tenant", begun.Limit, begun.Used),
        _ => Problem.Unavailable("This server was replaced by another process of its name."),
    };

    /// <summary>For one chunk.</summary>
    public static Problem Of(ChunkPlaced placed) => placed.Status switch
    {
        PlaceStatus.ScopeQuotaExceeded => Quota("scope", placed.Limit, placed.Used),
        PlaceStatus.TenantQuotaExceeded => Quota("tenant", placed.Limit, placed.Used),
        PlaceStatus.SizeMismatch => new Problem(ProblemKinds.Conflict, "A chunk of this hash is known with another length."),
        PlaceStatus.IndexTaken => new Problem(ProblemKinds.Conflict, "The place in the file holds another chunk already."),
        PlaceStatus.Expired => new Problem(ProblemKinds.Expired, "Nothing came for too long: the upload is over and holds nothing any more."),
        PlaceStatus.Misfit => Problem.Invalid("index", "Only the last part of an upload may be shorter than its chunk size."),
        PlaceStatus.WriterReplaced => new Problem(ProblemKinds.Conflict, "Another request goes on with this upload."),
        PlaceStatus.UploadGone => Problem.Unavailable("The upload was ended by the server; send it again."),
        _ => Problem.Unavailable("This server was replaced by another process of its name."),
    };

    /// <summary>For a change of the namespace; null when it was done.</summary>
    public static Problem? Of(NamespaceResult result) => result.Status switch
    {
        NamespaceStatus.Done => null,
        NamespaceStatus.ScopeGone => Problem.NotFound("There is no such scope."),
        NamespaceStatus.NotFound => Problem.NotFound("There is no such file, or no such version of it."),
        NamespaceStatus.PreconditionFailed => new Problem(ProblemKinds.PreconditionFailed, "The file is not in the state that the request demands."),
        NamespaceStatus.ScopeQuotaExceeded => Quota("scope", result.Limit, result.Used),
        NamespaceStatus.TenantQuotaExceeded => Quota("tenant", result.Limit, result.Used),
        NamespaceStatus.OperationMismatch => new Problem(ProblemKinds.Conflict, $"The {OperationKeys.Header} was used for another request."),
        NamespaceStatus.Busy => Problem.Busy("Too many changes of this scope wait."),
        NamespaceStatus.SamePath => Problem.Invalid("to", "Source and target are the same path."),
        NamespaceStatus.UploadGone => Problem.Unavailable("The upload was ended by the server; send it again."),
        NamespaceStatus.UploadIncomplete => new Problem(ProblemKinds.Conflict, "The upload lacks chunks."),
        _ => new Problem(ProblemKinds.Internal, "The server failed to answer the request; its log says why."),
    };

    private static Problem Quota(string level, long? limit, long? used) =>
        new Problem(ProblemKinds.QuotaExceeded, $"The quota of the {level} has no room for it.")
            .With("level", level).With("limit", limit).With("used", used);
}

using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Content;

/// <summary>What all chunks of one upload have in common.</summary>
internal sealed class UploadTarget
{
    public required TenantId Tenant { get; init; }

    public required ScopeId Scope { get; init; }

    public required UploadId Upload { get; init; }

    public required FilePath Path { get; init; }

    public required ScopeStores Stores { get; init; }

    /// <summary>The tenant as it appears in keys of chunks.</summary>
    public required string TenantText { get; init; }
}

/// <summary>What became of one chunk.</summary>
/// <param name="Written">The copy that was written and is not yet reported; null when none had to be, or on refusal.</param>
/// <param name="Problem">Why the chunk could not be stored; null when it is.</param>
internal readonly record struct ChunkOutcome(LocationId? Written, Problem? Problem)
{
    public static ChunkOutcome Refused(Problem problem) => new(null, problem);
}

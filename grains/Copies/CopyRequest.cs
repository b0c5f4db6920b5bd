using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Copies;

/// <summary>Asks for a further copy of a chunk.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Hash">The chunk.</param>
/// <param name="Target">The store that gets it.</param>
/// <param name="Unusable">Stores that are not read from.</param>
/// <param name="Purpose">Why; decides what the target must be.</param>
/// <param name="Scope">The scope for whose policy; null where it is for all.</param>
/// <param name="Replaces">A damaged copy in the target that the new one takes the place of.</param>
/// <param name="Urgency">Its turn where other background work waits for the same slots.</param>
internal sealed record CopyRequest(
    TenantId Tenant, ChunkHash Hash, StoreId Target, StoreId[] Unusable, CopyPurpose Purpose, ScopeId? Scope = null, LocationId? Replaces = null,
    WorkUrgency Urgency = WorkUrgency.Routine);

/// <summary>How a copy ended.</summary>
internal enum CopyStatus
{
    /// <summary>The target has a verified copy now.</summary>
    Copied,

    /// <summary>The target had one.</summary>
    AlreadyThere,

    /// <summary>Nothing references the chunk any more, or the target is not wanted any more.</summary>
    ChunkGone,

    /// <summary>No copy can be read: there is none in a store that may be read, or those stores are offline.</summary>
    NoSource,

    /// <summary>The target has no room within its limits.</summary>
    TargetFull,

    /// <summary>The target may not get this copy: detached or read-only by now.</summary>
    TargetRefused,

    /// <summary>Every copy that could be read is damaged.</summary>
    SourceCorrupt,

    /// <summary>The target gave back other bytes than were written; that copy is deleted, the source is kept (G6).</summary>
    TargetCorrupt,

    /// <summary>The target failed or is offline: later again.</summary>
    Failed,
}

/// <summary>How a copy ended, and why not.</summary>
/// <param name="Status">How.</param>
/// <param name="Bytes">Bytes that were copied.</param>
/// <param name="Reason">One sentence for an operator where it came to nothing.</param>
/// <param name="Source">The store that was read.</param>
internal sealed record CopyOutcome(CopyStatus Status, long Bytes = 0, string? Reason = null, StoreId? Source = null);

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A copy as a store is compared with it.</summary>
/// <param name="Location">Which.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Hash">The chunk.</param>
/// <param name="Store">Where.</param>
/// <param name="State">Its state when it was read.</param>
/// <param name="Length">Its bytes.</param>
public sealed record InspectedCopy(LocationId Location, TenantId Tenant, ChunkHash Hash, StoreId Store, LocationState State, long Length);

/// <summary>What became of a copy that was reported as missing or damaged, or as good again.</summary>
public enum DamageOutcome
{
    /// <summary>It is damaged: read by nobody, no dedup hit, not deleted.</summary>
    Damaged,

    /// <summary>It is being deleted: nothing references the chunk, or the store has a good copy.</summary>
    Condemned,

    /// <summary>It counts again.</summary>
    Stored,

    /// <summary>It is not what it was when it was looked at; nothing was done.</summary>
    Changed,
}

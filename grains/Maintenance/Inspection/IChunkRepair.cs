using Granary.Catalog;

namespace Granary.Grains.Maintenance;

/// <summary>Makes a good copy beside one that is missing or damaged, from another verified one (D47).</summary>
internal interface IChunkRepair
{
    /// <summary>Copies the chunk into the same store anew; the bad copy is deleted with it.</summary>
    Task<RepairResult> RepairAsync(InspectedCopy copy, CancellationToken cancellationToken);
}

/// <summary>How a repair ended.</summary>
internal enum RepairStatus
{
    /// <summary>The store has a good copy now.</summary>
    Repaired,

    /// <summary>Nothing references the chunk any more.</summary>
    NotNeeded,

    /// <summary>There is no other copy that is good.</summary>
    NoSource,

    /// <summary>It was not possible now: the store has no room, or a store is offline.</summary>
    Failed,
}

/// <summary>How a repair ended, and why.</summary>
/// <param name="Status">How.</param>
/// <param name="Reason">One sentence where it came to nothing.</param>
internal sealed record RepairResult(RepairStatus Status, string? Reason = null);

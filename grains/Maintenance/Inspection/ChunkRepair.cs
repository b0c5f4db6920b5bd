using Granary.Catalog;

namespace Granary.Grains.Maintenance;

/// <summary>Says that there is nothing that makes copies; the bad copy stays as it is and is reported.</summary>
internal sealed class ChunkRepair : IChunkRepair
{
    /// <inheritdoc/>
    public Task<RepairResult> RepairAsync(InspectedCopy copy, CancellationToken cancellationToken) =>
        Task.FromResult(new RepairResult(RepairStatus.Failed, "This server makes no copies."));
}

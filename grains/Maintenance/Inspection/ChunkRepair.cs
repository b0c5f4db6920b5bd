using Granary.Catalog;
using Granary.Grains.Copies;

namespace Granary.Grains.Maintenance;

/// <summary>Repairs by the worker that makes every copy: read verified from another store, written, read back, completed.</summary>
internal sealed class ChunkRepair(CopyWorker worker) : IChunkRepair
{
    /// <inheritdoc/>
    public async Task<RepairResult> RepairAsync(InspectedCopy copy, CancellationToken cancellationToken)
    {
        var outcome = await worker.CopyAsync(
            new CopyRequest(copy.Tenant, copy.Hash, copy.Store, [], CopyPurpose.Repair, Replaces: copy.Location), cancellationToken);
        return new RepairResult(
            outcome.Status switch
            {
                CopyStatus.Copied or CopyStatus.AlreadyThere => RepairStatus.Repaired,
                CopyStatus.ChunkGone => RepairStatus.NotNeeded,
                CopyStatus.NoSource or CopyStatus.SourceCorrupt => RepairStatus.NoSource,
                _ => RepairStatus.Failed,
            },
            outcome.Reason);
    }
}

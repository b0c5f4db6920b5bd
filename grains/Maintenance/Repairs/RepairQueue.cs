using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Copies;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance.Repairs;

/// <summary>
/// Repairs the copies that readers found damaged: a good copy from elsewhere takes the place of the bad one. Where there is
/// no other good copy the bad one stays and is tried again later: a store that was offline may have one.
/// </summary>
internal sealed partial class RepairQueue(RepairCatalog repairs, CopyWorker worker, ILogger<RepairQueue> logger)
{
    /// <summary>Copies in one unit: some seconds at most, so that the grain's turns stay short.</summary>
    private const int PageSize = 4;

    private const int MostForgotten = 256;

    /// <summary>After a repair that was not possible; a missing source does not come back within minutes.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromHours(1);

    /// <summary>One page of a store's damaged copies.</summary>
    /// <returns>Copies that were dealt with; 0 when none is due.</returns>
    public async Task<WorkUnit> RunPageAsync(StoreId store, CancellationToken cancellationToken)
    {
        var forgotten = await repairs.ForgetGoneAsync(store, MostForgotten, cancellationToken);
        var due = await repairs.NextDueAsync(store, PageSize, cancellationToken);
        var (repaired, failed) = (0L, 0L);
        foreach (var copy in due)
        {
            if (await RepairAsync(copy, cancellationToken))
            {
                repaired++;
            }
            else
            {
                failed++;
            }
        }

        return forgotten + due.Count == 0 ? WorkUnit.Idle : new WorkUnit(WorkOutcome.Busy, repaired, failed, 0);
    }

    private async Task<bool> RepairAsync(DamagedCopy copy, CancellationToken cancellationToken)
    {
        var request = new CopyRequest(copy.Tenant, copy.Chunk, copy.Store, [], CopyPurpose.Repair, Replaces: copy.Location);
        var outcome = await worker.CopyAsync(request, cancellationToken);
        if (outcome.Status is CopyStatus.Copied or CopyStatus.ChunkGone or CopyStatus.AlreadyThere)
        {
            await repairs.RemoveAsync(copy.Store, copy.Location, cancellationToken);
            LogSettled(copy.Store, copy.Location, outcome.Status);
            return true;
        }

        await repairs.PostponeAsync(copy.Store, copy.Location, Wait, cancellationToken);
        LogNotRepaired(copy.Store, copy.Location, outcome.Reason ?? outcome.Status.ToString());
        return false;
    }

    [LoggerMessage(4390, LogLevel.Warning, "The damaged copy {Location} in store {Store} was dealt with: {Outcome}")]
    private partial void LogSettled(StoreId store, LocationId location, CopyStatus outcome);

    [LoggerMessage(4391, LogLevel.Error, "The damaged copy {Location} in store {Store} cannot be repaired now: {Reason}")]
    private partial void LogNotRepaired(StoreId store, LocationId location, string reason);
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance.Repairs;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Background work of one store, key: its id. Removes the bytes of copies that are being deleted, and releases the blocks
/// and unfinished writes of silos that died. Invariant: a row goes, and its charge is given back, only after the store
/// itself said that the key is absent (G14); a key is never used twice, so doing any of it twice is harmless.
/// </summary>
[HashBasedPlacement] // one silo so far; a store that belongs to a silo will want that silo
internal sealed partial class StoreMaintenanceGrain(
    ReclaimCatalog reclaim, CollectCatalog collection, RepairQueue repairs, TaskRunner runner, TopologyCache topology, IStoreDirectory directory,
    ILocalSiloDetails silo, GrainHosting hosting, TimeProvider time, ILogger<StoreMaintenanceGrain> logger)
    : MaintenanceGrain(runner, time, logger), IStoreMaintenanceGrain
{
    /// <summary>Copies in one unit: well under a second on a disk, some seconds on S3.</summary>
    public const int PageSize = 256;

    /// <summary>Deletes at one time; uploads and reads have the rest of the store's slots.</summary>
    public const int Parallel = 8;

    /// <summary>
    /// How long a dead silo's writes may still arrive: an S3 signature lives 15 minutes (design, Space and quotas).
    /// </summary>
    public static readonly TimeSpan DeadGrace = TimeSpan.FromMinutes(20);

    /// <summary>How long a write to a disk of this silo may go on after its caller gave it up.</summary>
    public static readonly TimeSpan LocalGrace = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan OneDelete = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time;
    private readonly ILogger _log = logger;
    private LocationId? _after;
    private long _failedInPass;

    /// <inheritdoc/>
    protected override string Subject => $"store {Store}";

    /// <inheritdoc/>
    protected override RunTaskOwner Owner => RunTaskOwner.Of(Store);

    private StoreId Store => GrainKeys.ParseStore(this.GetPrimaryKeyString());

    /// <summary>
    /// Latest death of a silo whose writes are over now. A local store that this silo alone may open is written by no other
    /// process, since its lock died with the process that held it; of another silo's write, which its owner refuses since that
    /// death, one may be under way; anywhere else a late write may still arrive.
    /// </summary>
    internal static DateTimeOffset DeadBefore(StoreInfo store, string silo, bool severalSilos, DateTimeOffset now) =>
        now - (!IsOnlyWrittenHere(store, silo) ? DeadGrace : severalSilos ? LocalGrace : TimeSpan.Zero);

    /// <summary>
    /// Latest start of a failed write of a living silo that is over now: on a disk of our own nothing arrives a minute late.
    /// </summary>
    internal static DateTimeOffset FailedBefore(StoreInfo store, string silo, DateTimeOffset now) =>
        now - (IsOnlyWrittenHere(store, silo) ? LocalGrace : DeadGrace);

    /// <inheritdoc/>
    protected override void BeginRound() => (_after, _failedInPass) = (null, 0);

    /// <inheritdoc/>
    protected override async Task<bool> IsNeededAsync(CancellationToken cancellationToken) => (await topology.RefreshAsync(cancellationToken)).Store(Store) is not null;

    /// <inheritdoc/>
    protected override async Task<WorkUnit> RunUnitAsync(CancellationToken cancellationToken)
    {
        var info = (await topology.RefreshAsync(cancellationToken)).Store(Store);
        if (info is null)
        {
            return WorkUnit.Idle;
        }

        // 1. Writes of dead silos become copies to delete, so that step 2 removes what they may have left.
        var now = _time.GetUtcNow();
        var deadBefore = DeadBefore(info, silo.Name, hosting.SeveralSilos, now);
        var condemned = await reclaim.CondemnDeadWritesAsync(Store, deadBefore, cancellationToken);

        // 2. A page of copies to delete.
        var page = await reclaim.NextDeletingAsync(Store, _after, PageSize, FailedBefore(info, silo.Name, now), deadBefore, cancellationToken);
        if (page.Count > 0)
        {
            return await DeletePageAsync(page, cancellationToken);
        }

        if (EndPass() is { } failed)
        {
            return failed;
        }

        if (condemned > 0)
        {
            return WorkUnit.Busy(condemned);
        }

        // 3. Blocks of dead silos; their writes are gone by now.
        var released = await reclaim.ReleaseDeadBlocksAsync(Store, deadBefore, cancellationToken);
        if (released.Count > 0)
        {
            LogBlocksReleased(Store, released.Count, released.Bytes);
            return WorkUnit.Busy(released.Count, released.Bytes);
        }

        // 4. Copies that readers found damaged.
        if (info.State == StoreState.Active && await repairs.RunPageAsync(Store, cancellationToken) is { Outcome: WorkOutcome.Busy } repaired)
        {
            return repaired;
        }

        // 5. A store that was deleted by force disappears when it holds nothing any more.
        return info.State == StoreState.Deleting && await reclaim.DeleteStorePageAsync(Store, cancellationToken) is var pages and > 0
            ? await EndStoreAsync(pages, cancellationToken)
            : WorkUnit.Idle;
    }

    // With the last page its place is nobody's either.
    private async Task<WorkUnit> EndStoreAsync(long pages, CancellationToken cancellationToken)
    {
        if ((await topology.RefreshAsync(cancellationToken)).Store(Store) is null
            && directory.TryGetMaintenance(Store, out var store) && store.Find<IOwnedPlace>() is { } place)
        {
            try
            {
                await place.LeaveAsync(cancellationToken);
            }
            catch (ChunkStoreException failure)
            {
                LogNotLeft(failure, Store);
            }
        }

        return WorkUnit.Busy(pages);
    }

    private static bool IsOnlyWrittenHere(StoreInfo store, string silo) => store.Backend == LocalStoreConfig.Kind && store.Silo == silo;

    // A pass over all copies to delete ended: with failures it starts over after a back-off, without it is done.
    private WorkUnit? EndPass()
    {
        var failed = _failedInPass;
        _after = null;
        _failedInPass = 0;
        return failed > 0 ? new WorkUnit(WorkOutcome.Failed, 0, 0, 0) : null;
    }

    private async Task<WorkUnit> DeletePageAsync(IReadOnlyList<DeletingLocation> page, CancellationToken cancellationToken)
    {
        if (!directory.TryGetMaintenance(Store, out var store))
        {
            LogOffline(Store, page.Count);
            return new WorkUnit(WorkOutcome.Failed, 0, page.Count, 0);
        }

        var gone = new LocationId?[page.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            page.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (i, token) => gone[i] = await DeleteAsync(store, page[i], token) ? page[i].Location : null);
        var absent = gone.OfType<LocationId>().ToArray();
        var bytes = absent.Length == 0 ? 0 : await reclaim.LocationsDeletedAsync(absent, cancellationToken);
        await ForgetChunksAsync([.. page.Where((_, i) => gone[i] is not null)], cancellationToken);
        _after = page[^1].Location;
        _failedInPass += page.Count - absent.Length;
        return new WorkUnit(WorkOutcome.Busy, absent.Length, page.Count - absent.Length, bytes);
    }

    // A chunk whose last copy has gone, and that nothing references, is forgotten.
    private Task ForgetChunksAsync(IReadOnlyList<DeletingLocation> deleted, CancellationToken cancellationToken) =>
        deleted.Count == 0 ? Task.CompletedTask : collection.ForgetAsync([.. deleted.Select(static copy => (copy.Tenant, copy.Hash))], cancellationToken);

    // Deletes, then looks: only "absent" counts. Touches no field of the grain: it runs beside other deletes.
    private async Task<bool> DeleteAsync(IChunkStore store, DeletingLocation location, CancellationToken cancellationToken)
    {
        var key = new LocationKey(location.Tenant.ToString(), location.Hash, location.Location.Value);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(OneDelete);
        try
        {
            FaultPoint.Reached("delete.before-bytes");
            await store.DeleteAsync(key, limit.Token);
            FaultPoint.Reached("delete.after-bytes");
            if (await store.StatAsync(key, limit.Token) is null)
            {
                return true;
            }

            LogStillThere(Store, key);
            return false;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure is ChunkStoreException or OperationCanceledException)
        {
            LogDeleteFailed(failure, Store, key);
            return false;
        }
    }
}

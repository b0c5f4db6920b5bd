using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Changes;
using Granary.GrainInterfaces.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Background work of one tenant, key: its id. Ends sessions and lets versions go whose time is over, uncounts what left the namespace, aborts
/// direct uploads whose process died, empties scopes that are being deleted. Invariant: every step is a transaction on rows that says itself what is due.
/// </summary>
[HashBasedPlacement] // reads and writes only the catalog, which every silo reaches
internal sealed class TenantMaintenanceGrain(
    ReclaimCatalog reclaim, VersionCatalog versions, SessionCatalog sessions, ChangeLogCutter logs, TaskRunner runner, TopologyCache topology,
    TimeProvider time, ILogger<TenantMaintenanceGrain> logger)
    : MaintenanceGrain(runner, time, logger), ITenantMaintenanceGrain
{
    /// <summary>
    /// How long the rows of a manifest stay after its last reference was uncounted: longer than any download may run, and as
    /// long as its chunks' bytes stay (design, A chunk's life).
    /// </summary>
    public static readonly TimeSpan ManifestGrace = TimeSpan.FromHours(24);

    /// <summary>Sessions that one transaction ends: some milliseconds, so that uploads behind it hardly wait.</summary>
    private const int SessionsPerUnit = 64;

    /// <summary>Shortest wait for a session's end: sessions that fall due one by one are ended together.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time;
    private bool _storesHaveWork;

    /// <inheritdoc/>
    protected override string Subject => $"tenant {Tenant}";

    /// <inheritdoc/>
    protected override RunTaskOwner Owner => RunTaskOwner.Of(Tenant);

    private TenantId Tenant => GrainKeys.ParseTenant(this.GetPrimaryKeyString());

    /// <inheritdoc/>
    protected override async Task<bool> IsNeededAsync(CancellationToken cancellationToken) => (await topology.RefreshAsync(cancellationToken)).Tenant(Tenant) is not null;

    /// <inheritdoc/>
    protected override async Task<WorkUnit> RunUnitAsync(CancellationToken cancellationToken)
    {
        // 1. Sessions whose time is over, and uploads of dead processes, become aborted, so that step 2 uncounts them.
        var ended = await sessions.ExpireDueAsync(Tenant, SessionsPerUnit, cancellationToken);
        _storesHaveWork |= ended.Stores.Length > 0;
        if (ended.Ended + ended.Forgotten is var worked and > 0)
        {
            return WorkUnit.Busy(worked);
        }

        var aborted = await reclaim.AbortDeadUploadsAsync(Tenant, cancellationToken);
        if (aborted > 0)
        {
            _storesHaveWork = true;
            return WorkUnit.Busy(aborted);
        }

        // 2. One page of references of something released or aborted.
        var page = await reclaim.UncountPageAsync(Tenant, cancellationToken);
        if (page.Worked)
        {
            FaultPoint.Reached("uncount.page");
            return WorkUnit.Busy(page.References);
        }

        // 3. One page of a scope that is being deleted: its versions are released, which is work for step 2.
        if (await reclaim.DeleteScopePageAsync(Tenant, cancellationToken) is var scopes and > 0)
        {
            return WorkUnit.Busy(scopes);
        }

        // 4. One page of versions that retention lets go: also work for step 2.
        if (await versions.ExpirePageAsync(Tenant, cancellationToken) is { Worked: true } expired)
        {
            return WorkUnit.Busy(expired.Versions, expired.Bytes);
        }

        // 5. Rows of manifests that only waited for downloads to end.
        if (await reclaim.DropManifestPageAsync(Tenant, _time.GetUtcNow() - ManifestGrace, cancellationToken) is var rows and > 0)
        {
            return WorkUnit.Busy(rows);
        }

        // 5. One page of change logs that retention does not keep.
        if (await logs.CutAsync(Tenant, cancellationToken) is var cut and > 0)
        {
            return WorkUnit.Busy(cut);
        }

        // The tenant itself, when it was deleted and its last chunk has been collected.
        if (topology.Current.Tenant(Tenant) is { State: TenantState.Deleting } && await reclaim.FinishTenantAsync(Tenant, cancellationToken))
        {
            return WorkUnit.Busy(1);
        }

        await WakeStoresAsync(cancellationToken);
        return await UntilNextEndAsync(cancellationToken);
    }

    // Bytes and quota of a session nobody goes on with are given back when its time is over, not when a reminder comes by.
    private async Task<WorkUnit> UntilNextEndAsync(CancellationToken cancellationToken)
    {
        if (await sessions.NextDueAsync(Tenant, cancellationToken) is not { } due || due - _time.GetUtcNow() is var left && left > ReminderPeriod)
        {
            return WorkUnit.Idle;
        }

        return WorkUnit.Waiting(left > ShortestWait ? left : ShortestWait);
    }

    private async Task WakeStoresAsync(CancellationToken cancellationToken)
    {
        if (!_storesHaveWork)
        {
            return;
        }

        _storesHaveWork = false;
        var pending = await reclaim.WorkPendingAsync(cancellationToken);
        foreach (var store in pending.Stores)
        {
            await GrainFactory.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store)).WakeAsync(cancellationToken);
        }
    }
}

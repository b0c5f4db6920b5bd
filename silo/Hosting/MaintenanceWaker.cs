using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>
/// Wakes the background work that the catalog's rows say is due: once when the silo has started, then every minute, so that
/// nothing depends on a call that a crash lost.
/// </summary>
internal sealed partial class MaintenanceWaker(
    ReclaimCatalog reclaim, StoreCatalog stores, TopologyCache topology, IMaintenancePlanner planner, IGrainFactory grains, TimeProvider time, ILogger<MaintenanceWaker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await PutBackAsync(stoppingToken);
                await WakeAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        await stores.NoteIntakeAsync(cancellationToken);
        var pending = await reclaim.WorkPendingAsync(cancellationToken);
        foreach (var tenant in pending.Tenants)
        {
            await grains.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(tenant)).WakeAsync(cancellationToken);
        }

        foreach (var store in pending.Stores)
        {
            await grains.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store)).WakeAsync(cancellationToken);
        }

        await planner.WakeDueAsync(cancellationToken);
    }

    // A silo that died between the steps of a detach left the attachment as `leaving`.
    private async Task PutBackAsync(CancellationToken cancellationToken)
    {
        var current = await topology.RefreshAsync(cancellationToken);
        foreach (var scope in current.Tenants.SelectMany(tenant => current.Scopes(tenant.Id)))
        {
            if (current.Attachments(scope.Id).Any(static attachment => attachment.State == AttachmentState.Leaving))
            {
                await grains.GetGrain<IScopeGrain>(GrainKeys.Scope(scope.Tenant, scope.Id)).PutBackLeavingAsync(cancellationToken);
            }
        }
    }

    [LoggerMessage(6200, LogLevel.Warning, "Background work could not be woken; it is tried again in a minute.")]
    private partial void LogFailed(Exception failure);
}

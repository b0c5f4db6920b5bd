using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>Wakes the grains that have something to do in runs.</summary>
internal sealed class TaskWakes(RunCatalog runs, TopologyCache topology, IGrainFactory grains)
{
    /// <summary>Those of one run.</summary>
    public async Task WakeRunAsync(long run, CancellationToken cancellationToken) =>
        await WakeAsync(await runs.OwnersAsync(run, cancellationToken), cancellationToken);

    /// <summary>Those of all runs.</summary>
    public async Task WakeAllAsync(CancellationToken cancellationToken) =>
        await WakeAsync(await runs.OwnersAsync(null, cancellationToken), cancellationToken);

    /// <summary>Stores that have something to delete now.</summary>
    public async Task WakeStoresAsync(IEnumerable<StoreId> stores, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            await grains.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store)).WakeAsync(cancellationToken);
        }
    }

    private async Task WakeAsync(IReadOnlyList<RunTaskOwner> owners, CancellationToken cancellationToken)
    {
        if (owners.Count == 0)
        {
            return;
        }

        var current = await topology.RefreshAsync(cancellationToken);
        foreach (var owner in owners)
        {
            await (owner.Kind switch
            {
                RunTaskOwnerKind.Tenant => grains.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(new TenantId(owner.Id))).WakeAsync(cancellationToken),
                RunTaskOwnerKind.Store => grains.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(new StoreId(owner.Id))).WakeAsync(cancellationToken),
                _ => grains.GetGrain<IScopeMaintenanceGrain>(KeyOfScope(current, new ScopeId(owner.Id))).WakeAsync(cancellationToken),
            });
        }
    }

    // A scope that has gone still has its grain, which ends its tasks; whose it was no longer matters.
    private static string KeyOfScope(Topology current, ScopeId scope) => GrainKeys.Scope(current.Scope(scope)?.Tenant ?? new TenantId(0), scope);
}

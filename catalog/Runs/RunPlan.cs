using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Which tasks a run has: first what frees space in a tenant, then the policies of scopes, then the stores (D24, D26).
/// Pure: from the topology alone.
/// </summary>
public static class RunPlan
{
    private const int TenantPhase = 0;
    private const int ScopePhase = 1;
    private const int StorePhase = 2;

    /// <summary>Everything, or what concerns one scope, one store, or one store in one scope.</summary>
    public static IReadOnlyList<NewRunTask> Everything(Topology topology, ScopeId? scope = null, StoreId? store = null)
    {
        var tasks = new List<NewRunTask>();
        if (scope is null && store is null)
        {
            foreach (var tenant in topology.Tenants)
            {
                tasks.Add(new NewRunTask(MaintenanceTaskKind.ExpireVersions, TenantPhase, tenant.Id));
                tasks.Add(new NewRunTask(MaintenanceTaskKind.ExpireUploads, TenantPhase, tenant.Id));
                tasks.Add(new NewRunTask(MaintenanceTaskKind.Collect, TenantPhase, tenant.Id));
            }
        }

        foreach (var one in topology.Tenants.SelectMany(tenant => topology.Scopes(tenant.Id)).Where(one => scope is null || one.Id == scope))
        {
            tasks.AddRange(Policies(topology, one.Id, store));
        }

        if (scope is null)
        {
            foreach (var one in topology.Stores.Where(one => one.State == StoreState.Active && (store is null || one.Id == store)))
            {
                // Also without a limit: copies go that no scope has a use for any more.
                tasks.Add(new NewRunTask(one.IsEmptied ? MaintenanceTaskKind.EmptyStore : MaintenanceTaskKind.ShrinkStore, StorePhase, Store: one.Id));
                tasks.Add(new NewRunTask(MaintenanceTaskKind.Verify, StorePhase, Store: one.Id));
                tasks.Add(new NewRunTask(MaintenanceTaskKind.Sweep, StorePhase, Store: one.Id));
            }
        }

        return tasks;
    }

    /// <summary>What makes a scope's policies true: populate, then drain, then its soft limits; stores by name.</summary>
    public static IReadOnlyList<NewRunTask> Policies(Topology topology, ScopeId scope, StoreId? store = null)
    {
        if (topology.Scope(scope) is not { State: ScopeState.Active } info)
        {
            return [];
        }

        var attachments = topology.Attachments(scope)
            .Where(attachment => attachment.State == AttachmentState.Active && (store is null || attachment.Settings.Store == store))
            .Where(attachment => topology.Store(attachment.Settings.Store) is { State: StoreState.Active })
            .OrderBy(attachment => topology.Store(attachment.Settings.Store)!.Name, StringComparer.Ordinal)
            .Select(attachment => attachment.Settings)
            .ToArray();
        return [
            .. Tasks(MaintenanceTaskKind.Populate, settings => settings.Populate && topology.Store(settings.Store) is { IsEmptied: false }),
            .. Tasks(MaintenanceTaskKind.Drain, static settings => settings.Drain),
            .. Tasks(MaintenanceTaskKind.ShrinkScope, static settings => settings.SoftMaxSize is not null)];

        IEnumerable<NewRunTask> Tasks(MaintenanceTaskKind kind, Func<AttachmentSettings, bool> wanted) =>
            attachments.Where(wanted).Select(settings => new NewRunTask(kind, ScopePhase, info.Tenant, scope, settings.Store));
    }

    /// <summary>What makes a store's limits true; nothing where it has none.</summary>
    public static IReadOnlyList<NewRunTask> Limits(Topology topology, StoreId store) =>
        topology.Store(store) is { State: StoreState.Active, Settings: { SoftMaxSize: not null } or { MaxSize: not null } }
            ? [new NewRunTask(MaintenanceTaskKind.ShrinkStore, StorePhase, Store: store)]
            : [];

    /// <summary>What empties the local stores of a silo that is to leave, by name; nothing where it has none.</summary>
    public static IReadOnlyList<NewRunTask> Empty(Topology topology, string silo) =>
        [.. topology.Stores.Where(store => store.Silo == silo && store.State == StoreState.Active).Select(static store => new NewRunTask(MaintenanceTaskKind.EmptyStore, 0, Store: store.Id))];

    /// <summary>Reading and hashing every copy in every store.</summary>
    public static IReadOnlyList<NewRunTask> Scrub(Topology topology) =>
        [.. topology.Stores.Where(static store => store.State == StoreState.Active).Select(static store => new NewRunTask(MaintenanceTaskKind.Scrub, 0, Store: store.Id))];

    /// <summary>Checking the catalog of all tenants, or of one scope, and then the stores that it names.</summary>
    public static IReadOnlyList<NewRunTask> Fsck(Topology topology, ScopeId? scope = null)
    {
        var limited = scope is { } id ? topology.Scope(id) : null;
        if (limited is not null)
        {
            var stores = topology.Attachments(limited.Id).Select(attachment => topology.Store(attachment.Settings.Store))
                .OfType<StoreInfo>().Where(static store => store.State == StoreState.Active).OrderBy(static store => store.Name, StringComparer.Ordinal);
            return [
                new NewRunTask(MaintenanceTaskKind.Fsck, 0, limited.Tenant, limited.Id),
                .. stores.Select(store => new NewRunTask(MaintenanceTaskKind.Fsck, 1, limited.Tenant, limited.Id, store.Id))];
        }

        return [
            .. topology.Tenants.Select(static tenant => new NewRunTask(MaintenanceTaskKind.Fsck, 0, tenant.Id)),
            .. topology.Stores.Where(static store => store.State == StoreState.Active).Select(static store => new NewRunTask(MaintenanceTaskKind.Fsck, 1, Store: store.Id))];
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Whether a silo's local stores can be emptied. A pure decision over the topology.</summary>
public static class DrainRule
{
    /// <summary>
    /// Null when every scope that uses a store of the silo has another one for its uploads, which then also takes its chunks;
    /// else one sentence that names a scope that has none.
    /// </summary>
    /// <param name="topology">Scopes, stores, attachments.</param>
    /// <param name="silo">The silo that is to leave.</param>
    public static string? Obstacle(Topology topology, string silo)
    {
        foreach (var store in topology.Stores.Where(store => store.Silo == silo && store.State == StoreState.Active))
        {
            var stuck = topology.ScopesOf(store.Id).Select(topology.Scope).OfType<ScopeInfo>()
                .Where(scope => scope.State == ScopeState.Active && !HasTarget(topology, scope.Id, store.Id, silo))
                .OrderBy(static scope => scope.Tenant.Value).ThenBy(static scope => scope.Name, StringComparer.Ordinal)
                .ToList();
            if (stuck.Count > 0)
            {
                var more = stuck.Count > 1 ? $" (and {stuck.Count - 1} more)" : "";
                var tenant = topology.Tenant(stuck[0].Tenant)?.Name;
                return $"Store '{store.Name}' cannot be emptied: scope '{stuck[0].Name}' of tenant '{tenant}'{more} has no other store that takes its uploads. Attach one first.";
            }
        }

        return null;
    }

    private static bool HasTarget(Topology topology, ScopeId scope, StoreId from, string silo)
    {
        var attachments = topology.Attachments(scope);
        return MovePlacement.Targets(attachments, StoreOf, from, static _ => true).Count > 0;

        // As it will be: the silo's other stores take nothing either.
        StoreInfo? StoreOf(StoreId id) => topology.Store(id) is { } store && store.Silo != silo ? store : null;
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The last rows of a tenant that was deleted: they go when its last chunk has been collected, so that until then its bytes
/// are accounted for under its id.
/// </summary>
internal static class TenantDeletion
{
    private static readonly Sql SelectDeleting = new("SELECT 1 FROM tenant WHERE id = ?1 AND state = 1 /*lock*/");

    // By the beginning of a key or an index each: cheap, also when the tenant has millions of rows.
    private static readonly IReadOnlyList<Sql> Remains =
    [
        new("SELECT 1 FROM scope WHERE tenant = ?1 LIMIT 1"),
        new("SELECT 1 FROM chunk WHERE tenant = ?1 LIMIT 1"),
        new("SELECT 1 FROM location WHERE tenant = ?1 LIMIT 1"),
        new("SELECT 1 FROM upload WHERE tenant = ?1 AND state = 0 LIMIT 1"),
        new("SELECT 1 FROM upload WHERE tenant = ?1 AND state >= 2 LIMIT 1"),
        new("SELECT 1 FROM manifest_rest WHERE tenant = ?1 LIMIT 1"),
    ];

    private static readonly IReadOnlyList<Sql> Removals =
    [
        new("DELETE FROM operation WHERE tenant = ?1"),
        new("DELETE FROM usage WHERE tenant = ?1"),
        new("DELETE FROM tenant WHERE id = ?1"),
    ];

    /// <summary>Removes the tenant when nothing of it is left; else nothing.</summary>
    public static bool TryFinish(CatalogSession session, TenantId tenant)
    {
        if (!session.Exists(SelectDeleting, tenant) || Remains.Any(remain => session.Exists(remain, tenant)))
        {
            return false;
        }

        foreach (var removal in Removals)
        {
            session.Execute(removal, tenant);
        }

        TopologyTables.Bump(session);
        return true;
    }
}

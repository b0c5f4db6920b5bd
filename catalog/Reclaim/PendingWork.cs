using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Finds whose background work is due, by the partial indexes that hold nothing else.</summary>
internal static class PendingWork
{
    private static readonly IReadOnlyList<Sql> Tenants =
    [
        new("SELECT DISTINCT tenant FROM upload WHERE state >= 2"),
        new("""
            SELECT DISTINCT tenant FROM upload
            WHERE state = 0 AND epoch IS NOT NULL AND epoch NOT IN (SELECT id FROM silo_epoch WHERE ended IS NULL)
            """),
        new("SELECT DISTINCT tenant FROM scope WHERE state = 1"),
        new("SELECT id FROM tenant WHERE state = 1"),
        new("SELECT DISTINCT tenant FROM manifest_rest"),
        new("SELECT DISTINCT tenant FROM version_walk"),
    ];

    // Sessions that are not due are no work: their tenant's reminder looks for them.
    private static readonly Sql SelectDueSessions = new("SELECT DISTINCT tenant FROM upload_session WHERE expires <= ?1");

    private static readonly IReadOnlyList<Sql> Stores =
    [
        new("SELECT s.id FROM store s WHERE EXISTS (SELECT 1 FROM location l WHERE l.store = s.id AND l.state = 2)"),
        new("SELECT DISTINCT l.store FROM location l JOIN silo_epoch e ON e.id = l.epoch WHERE l.state = 0 AND e.ended IS NOT NULL"),
        new("SELECT DISTINCT b.store FROM block b JOIN silo_epoch e ON e.id = b.epoch WHERE e.ended IS NOT NULL"),
        new("SELECT DISTINCT store FROM repair_queue"),
        new("SELECT id FROM store WHERE state = 1"),
    ];

    public static WorkPending Find(CatalogSession session) =>
        new(
            [.. Ids(session, Tenants).Select(static id => new TenantId(id)).Union(VersionPages.FindTenants(session)).Union(DueSessions(session))],
            [.. Ids(session, Stores).Select(id => new StoreId(id))]);

    private static List<TenantId> DueSessions(CatalogSession session)
    {
        var tenants = new List<TenantId>();
        using var rows = session.Query(SelectDueSessions, session.Now);
        while (rows.Read())
        {
            tenants.Add(new TenantId(rows.Long(0)));
        }

        return tenants;
    }

    private static SortedSet<long> Ids(CatalogSession session, IReadOnlyList<Sql> queries)
    {
        var ids = new SortedSet<long>();
        foreach (var query in queries)
        {
            using var rows = session.Query(query);
            while (rows.Read())
            {
                ids.Add(rows.Long(0));
            }
        }

        return ids;
    }
}

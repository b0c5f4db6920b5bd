using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Takes a store away that was deleted by force (D51): every copy in it is deleted first, then the store.</summary>
internal static class StoreDeletion
{
    private const int PageSize = 256;

    private static readonly Sql SelectDeleting = new("SELECT 1 FROM store WHERE id = ?1 AND state = 1 /*lock*/");

    private static readonly Sql SelectStored = new("SELECT id, tenant, chunk, length FROM location WHERE store = ?1 AND state = 1 ORDER BY id LIMIT ?2");

    private static readonly Sql Condemn = new("UPDATE location SET state = 2 WHERE id = ?1 AND state = 1");

    // Few, and nobody reads them or counts on them.
    private static readonly Sql CondemnDamaged = new("UPDATE location SET state = 2 WHERE store = ?1 AND state = 3");

    private static readonly Sql SelectCondemned = new("SELECT 1 FROM location WHERE state = 2 AND store = ?1 LIMIT 1");

    // By epoch, as every copy under way has one: the store alone would be looked for in the rows of all copies.
    private static readonly Sql SelectWriting = new(
        "SELECT 1 FROM location WHERE state = 0 AND store = ?1 AND epoch IN (SELECT id FROM silo_epoch) LIMIT 1");

    private static readonly IReadOnlyList<Sql> Removals =
    [
        new("DELETE FROM attachment WHERE store = ?1"),
        new("DELETE FROM populate_progress WHERE store = ?1"),
        new("DELETE FROM tenant_store WHERE store = ?1"),
        new("DELETE FROM access WHERE store = ?1"),
        new("DELETE FROM block WHERE store = ?1"),
        new("DELETE FROM store_intake WHERE store = ?1"),
        new("DELETE FROM store_space WHERE store = ?1"),
        new("DELETE FROM store WHERE id = ?1"),
    ];

    public static DeletionPage DeletePage(CatalogSession session, StoreId store)
    {
        if (!session.Exists(SelectDeleting, store))
        {
            return default;
        }

        var condemned = CondemnPage(session, store) + session.Execute(CondemnDamaged, store);
        if (condemned > 0)
        {
            return new DeletionPage(condemned, Finished: false);
        }

        if (session.Exists(SelectCondemned, store) || session.Exists(SelectWriting, store))
        {
            return default;
        }

        foreach (var removal in Removals)
        {
            session.Execute(removal, store);
        }

        TopologyTables.Bump(session);
        return new DeletionPage(1, Finished: true);
    }

    private static int CondemnPage(CatalogSession session, StoreId store)
    {
        var page = new List<(LocationId Id, TenantId Tenant, byte[] Chunk, long Length)>();
        using (var rows = session.Query(SelectStored, store, PageSize))
        {
            while (rows.Read())
            {
                page.Add((new LocationId(rows.Long(0)), new TenantId(rows.Long(1)), rows.Span(2).ToArray(), rows.Long(3)));
            }
        }

        foreach (var (id, tenant, chunk, length) in page.OrderBy(static copy => copy.Chunk, ByteOrder.Instance))
        {
            ChunkLedger.LockSize(session, tenant, chunk);
            if (session.Execute(Condemn, id) != 0)
            {
                LocationLedger.CountStoredCopies(session, store, -length, -1);
            }
        }

        return page.Count;
    }
}

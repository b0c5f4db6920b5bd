using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Copies that are being deleted, and what dead silos held in a store (design, Writing 6 and Space and quotas).</summary>
internal static class LocationPages
{
    private const int MostCondemned = 1_000;

    private static readonly Sql SelectDeadWrites = new("""
        SELECT l.id FROM location l JOIN silo_epoch e ON e.id = l.epoch
        WHERE l.state = 0 AND l.store = ?1 AND e.ended IS NOT NULL AND e.ended <= ?2
        LIMIT ?3
        """);

    // A settled copy names no life; one that failed does, and may still arrive.
    private static readonly Sql SelectDeleting = new("""
        SELECT id, tenant, chunk, length FROM location
        WHERE store = ?1 AND state = 2 AND id > ?2
          AND (epoch IS NULL OR created <= ?4
            OR NOT EXISTS (SELECT 1 FROM silo_epoch e WHERE e.id = location.epoch AND (e.ended IS NULL OR e.ended > ?5)))
        ORDER BY id LIMIT ?3
        """);

    private static readonly Sql DeleteLocation = new("DELETE FROM location WHERE id = ?1 AND state = 2");

    // The plus: as in LocationLedger, by the few copies of the chunk.
    private static readonly Sql ForgetAccess = new("""
        DELETE FROM access WHERE store = ?1 AND tenant = ?2 AND chunk = ?3
          AND NOT EXISTS (SELECT 1 FROM location WHERE tenant = ?2 AND chunk = ?3 AND +store = ?1 AND state = 1)
        """);

    private static readonly Sql SelectDeadBlocks = new("""
        SELECT b.epoch, b.available FROM block b JOIN silo_epoch e ON e.id = b.epoch
        WHERE b.store = ?1 AND e.ended IS NOT NULL AND e.ended <= ?2
          AND NOT EXISTS (SELECT 1 FROM location l WHERE l.state = 0 AND l.epoch = b.epoch AND l.store = ?1)
        """);

    private static readonly Sql DeleteBlock = new("DELETE FROM block WHERE store = ?1 AND epoch = ?2 AND available = ?3");

    private static readonly Sql DeleteEpochs = new("""
        DELETE FROM silo_epoch
        WHERE ended IS NOT NULL AND ended <= ?1
          AND NOT EXISTS (SELECT 1 FROM block b WHERE b.epoch = silo_epoch.id)
          AND NOT EXISTS (SELECT 1 FROM location l WHERE l.state = 0 AND l.epoch = silo_epoch.id)
          AND NOT EXISTS (SELECT 1 FROM upload u WHERE u.state = 0 AND u.epoch = silo_epoch.id)
        """);

    public static int CondemnDeadWrites(CatalogSession session, StoreId store, DateTimeOffset deadBefore)
    {
        var found = new List<LocationId>();
        using (var rows = session.Query(SelectDeadWrites, store, deadBefore, MostCondemned))
        {
            while (rows.Read())
            {
                found.Add(new LocationId(rows.Long(0)));
            }
        }

        foreach (var location in found)
        {
            LocationLedger.MarkFailed(session, location);
        }

        return found.Count;
    }

    public static IReadOnlyList<DeletingLocation> NextDeleting(
        CatalogSession session, StoreId store, LocationId? after, int limit, DateTimeOffset failedBefore, DateTimeOffset deadBefore)
    {
        var found = new List<DeletingLocation>();
        using var rows = session.Query(SelectDeleting, store, after?.Value ?? 0, limit, failedBefore, deadBefore);
        while (rows.Read())
        {
            found.Add(new DeletingLocation(new LocationId(rows.Long(0)), new TenantId(rows.Long(1)), rows.Hash(2), rows.Long(3)));
        }

        return found;
    }

    public static long ForgetDeleted(CatalogSession session, LocationId[] locations)
    {
        var freed = new Dictionary<StoreId, long>();
        foreach (var id in locations)
        {
            if (LocationLedger.Find(session, id) is { State: LocationState.Deleting } location && session.Execute(DeleteLocation, id) != 0)
            {
                session.Execute(ForgetAccess, location.Store, location.Tenant, location.Hash);
                freed[location.Store] = freed.GetValueOrDefault(location.Store) + location.Length;
            }
        }

        foreach (var (store, bytes) in freed)
        {
            LocationLedger.Discharge(session, store, bytes);
        }

        return freed.Values.Sum();
    }

    public static BlocksReleased ReleaseDeadBlocks(CatalogSession session, StoreId store, DateTimeOffset deadBefore)
    {
        var blocks = new List<(SiloEpoch Epoch, long Available)>();
        using (var rows = session.Query(SelectDeadBlocks, store, deadBefore))
        {
            while (rows.Read())
            {
                blocks.Add((new SiloEpoch(rows.Long(0)), rows.Long(1)));
            }
        }

        foreach (var (epoch, available) in blocks)
        {
            if (session.Execute(DeleteBlock, store, epoch, available) == 0)
            {
                throw new CatalogRaceException("A block was changed since it was read.");
            }

            LocationLedger.Discharge(session, store, available);
        }

        session.Execute(DeleteEpochs, deadBefore);
        return new BlocksReleased(blocks.Count, blocks.Sum(static block => block.Available));
    }
}

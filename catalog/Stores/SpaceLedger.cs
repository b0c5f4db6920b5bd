using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Space of stores: blocks given to silos, and the limit that is never passed. A block's unused bytes are rows, so taking
/// them back races with nobody: a silo uses them only in a transaction that finds them there.
/// </summary>
internal static class SpaceLedger
{
    private static readonly Sql SelectSpace = new("""
        SELECT p.charged, p.stored_bytes, p.stored_chunks, s.max_size, s.state,
            (SELECT COALESCE(SUM(available), 0) FROM block WHERE store = ?1)
        FROM store_space p JOIN store s ON s.id = p.store WHERE p.store = ?1 /*lock*/
        """);

    private static readonly Sql Charge = new("UPDATE store_space SET charged = charged + ?2 WHERE store = ?1");

    private static readonly Sql SelectBlock = new("SELECT available FROM block WHERE store = ?1 AND epoch = ?2 /*lock*/");

    private static readonly Sql InsertBlock = new("INSERT INTO block (store, epoch, available) VALUES (?1, ?2, ?3)");

    private static readonly Sql UpdateBlock = new("UPDATE block SET available = available + ?3 WHERE store = ?1 AND epoch = ?2");

    private static readonly Sql SelectOthers = new("SELECT epoch, available FROM block WHERE store = ?1 AND epoch <> ?2 AND available > 0 ORDER BY available DESC /*lock*/");

    /// <summary>How a store's space is used; null when there is no such store.</summary>
    public static StoreSpace? Find(CatalogSession session, StoreId store) => Read(session, store)?.Space;

    /// <summary>
    /// Gives one silo what it needs. 1. Its life must be alive. 2. What its block lacks is needed; with plenty of room it
    /// gets what it prefers. 3. Near the limit exactly what is needed. 4. Before refusing, other silos' unused bytes are
    /// taken back.
    /// </summary>
    /// <param name="session">The transaction.</param>
    /// <param name="store">The store.</param>
    /// <param name="request">Who needs how much.</param>
    /// <param name="promised">Bytes of the block that earlier requests of the same transaction are going to use.</param>
    public static BlockGrant Grant(CatalogSession session, StoreId store, BlockRequest request, long promised)
    {
        if (Read(session, store) is not { IsActive: true } row || !SiloCatalog.IsAlive(session, request.Epoch))
        {
            return new BlockGrant(0, Refused: true, 0);
        }

        var available = session.Scalar(SelectBlock, store, request.Epoch);
        var free = (available ?? 0) - promised;
        var lacking = Math.Max(0, request.Needed - free);
        if (lacking == 0)
        {
            return new BlockGrant(0, Refused: false, 0);
        }

        var preferred = Math.Max(lacking, request.Preferred - free);
        var room = row.Space.MaxSize is { } max ? max - row.Space.Charged : long.MaxValue;
        var recalled = 0L;
        if (room < lacking)
        {
            recalled = Recall(session, store, request.Epoch, lacking - room);
            room += recalled;
        }

        if (room < lacking)
        {
            return new BlockGrant(0, Refused: true, recalled);
        }

        // Plenty: room for as much again afterwards. Otherwise the rest is left for whoever needs it.
        var granted = room / 2 >= preferred ? preferred : lacking;
        session.Execute(Charge, store, granted);
        session.Execute(available is null ? InsertBlock : UpdateBlock, store, request.Epoch, granted);
        return new BlockGrant(granted, Refused: false, recalled);
    }

    /// <summary>Takes unused bytes back until the charge fits a lower limit.</summary>
    /// <returns>Null when it fits, else the bytes that stay charged.</returns>
    public static long? ShrinkTo(CatalogSession session, StoreId store, long maxSize)
    {
        var space = Find(session, store);
        if (space is null || space.Charged <= maxSize)
        {
            return null;
        }

        if (space.Charged - space.UnusedBlocks > maxSize)
        {
            return space.Charged - space.UnusedBlocks;
        }

        Recall(session, store, new SiloEpoch(0), space.Charged - maxSize);
        return null;
    }

    /// <summary>Ends the charge of bytes that are gone.</summary>
    public static void Discharge(CatalogSession session, StoreId store, long bytes) => session.Execute(Charge, store, -bytes);

    private static long Recall(CatalogSession session, StoreId store, SiloEpoch except, long wanted)
    {
        var blocks = new List<(long Epoch, long Available)>();
        using (var rows = session.Query(SelectOthers, store, except))
        {
            while (rows.Read())
            {
                blocks.Add((rows.Long(0), rows.Long(1)));
            }
        }

        var recalled = 0L;
        foreach (var (epoch, available) in blocks)
        {
            if (recalled >= wanted)
            {
                break;
            }

            session.Execute(UpdateBlock, store, epoch, -available);
            session.Execute(Charge, store, -available);
            recalled += available;
        }

        return recalled;
    }

    private static Row? Read(CatalogSession session, StoreId store)
    {
        using var rows = session.Query(SelectSpace, store);
        if (!rows.Read())
        {
            return null;
        }

        var space = new StoreSpace
        {
            Charged = rows.Long(0),
            Used = rows.Long(1),
            Chunks = rows.Long(2),
            MaxSize = rows.LongOrNull(3),
            UnusedBlocks = rows.Long(5),
        };
        return new Row(space, rows.Long(4) == (long)StoreState.Active);
    }

    private sealed record Row(StoreSpace Space, bool IsActive);
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Copies of chunks and the space they are charged for. A location is a row before its bytes, its length comes from a block
/// of space, and it stays charged until the store said that its key is absent (design, Writing 2 and 6).
/// </summary>
internal static class LocationLedger
{
    private static readonly Sql SelectReadable = new("""
        SELECT l.id, l.store FROM location l JOIN attachment a ON a.scope = ?3 AND a.store = l.store
        WHERE l.tenant = ?1 AND l.chunk = ?2 AND l.state = 1 AND a.state = 0 AND a.write_only = 0
        """);

    private static readonly Sql SelectWritable = new("""
        SELECT a.store FROM attachment a JOIN store s ON s.id = a.store
        WHERE a.scope = ?1 AND a.state = 0 AND a.read_only = 0 AND a.write_only = 0 AND s.state = 0
        """);

    private static readonly Sql TakeSpace = new("UPDATE block SET available = available - ?3 WHERE store = ?1 AND epoch = ?2 AND available >= ?3");

    private static readonly Sql ReturnSpace = new("UPDATE block SET available = available + ?3 WHERE store = ?1 AND epoch = ?2");

    private static readonly Sql InsertLocation = new(
        "INSERT INTO location (id, tenant, chunk, store, state, length, epoch, upload, created) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8)");

    private static readonly Sql SelectLocation = new("SELECT tenant, chunk, store, state, length, epoch, upload FROM location WHERE id = ?1 /*lock*/");

    // The plus keeps the planner from walking all stored copies of the store instead of the few of the chunk.
    private static readonly Sql SelectStoredIn = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND +store = ?3 AND state = 1");

    // A copy that is settled forgets who wrote it; one that failed remembers, so that a late report of it is refused.
    private static readonly Sql SettleLocation = new("UPDATE location SET state = ?2, epoch = NULL, upload = NULL WHERE id = ?1");

    private static readonly Sql FailLocation = new("UPDATE location SET state = 2 WHERE id = ?1");

    private static readonly Sql CountStored = new(
        "UPDATE store_space SET stored_bytes = stored_bytes + ?2, stored_chunks = stored_chunks + ?3 WHERE store = ?1");

    private static readonly Sql SelectWriting = new("""
        SELECT id, store FROM location
        WHERE state = 0 AND upload = ?1 AND epoch IN (SELECT id FROM silo_epoch WHERE ended IS NULL)
        """);

    /// <summary>A stored copy that a scope can read: in a store that is attached, not leaving, not writeOnly (design, Writing 3).</summary>
    public static (LocationId Location, StoreId Store)? FindReadable(CatalogSession session, TenantId tenant, ScopeId scope, byte[] hash, StoreId[] unusable)
    {
        using var rows = session.Query(SelectReadable, tenant, hash, scope);
        while (rows.Read())
        {
            var store = new StoreId(rows.Long(1));
            if (!unusable.Contains(store))
            {
                return (new LocationId(rows.Long(0)), store);
            }
        }

        return null;
    }

    /// <summary>The first candidate that the scope may still write to; null when there is none.</summary>
    public static StoreId? ChooseStore(CatalogSession session, ScopeId scope, StoreId[] candidates)
    {
        var best = int.MaxValue;
        using var rows = session.Query(SelectWritable, scope);
        while (rows.Read())
        {
            var rank = Array.IndexOf(candidates, new StoreId(rows.Long(0)));
            best = rank >= 0 && rank < best ? rank : best;
        }

        return best == int.MaxValue ? null : candidates[best];
    }

    /// <summary>Takes bytes from the block of a silo's life; false when it has too little.</summary>
    public static bool TryTakeSpace(CatalogSession session, StoreId store, SiloEpoch epoch, long bytes) =>
        session.Execute(TakeSpace, store, epoch, bytes) != 0;

    /// <summary>Puts bytes back that the same transaction took.</summary>
    public static void PutSpaceBack(CatalogSession session, StoreId store, SiloEpoch epoch, long bytes) =>
        session.Execute(ReturnSpace, store, epoch, bytes);

    /// <summary>Records a copy that is about to be written, of an upload or (null) of maintenance; its length must have been taken from the block.</summary>
    public static LocationId Insert(CatalogSession session, TenantId tenant, byte[] hash, StoreId store, long length, SiloEpoch epoch, byte[]? upload)
    {
        var id = new LocationId(session.NextId("location", rangeSize: 1_000));
        session.Execute(InsertLocation, id, tenant, hash, store, length, epoch, upload, session.Now);
        return id;
    }

    /// <summary>Reads a copy's row; null when it is gone.</summary>
    public static LocationRow? Find(CatalogSession session, LocationId id)
    {
        using var rows = session.Query(SelectLocation, id);
        return rows.Read()
            ? new LocationRow
            {
                Id = id,
                Tenant = new TenantId(rows.Long(0)),
                Hash = rows.Span(1).ToArray(),
                Store = new StoreId(rows.Long(2)),
                State = (LocationState)rows.Int(3),
                Length = rows.Long(4),
                Epoch = rows.IsNull(5) ? null : new SiloEpoch(rows.Long(5)),
                Upload = rows.IsNull(6) ? null : rows.Upload(6),
            }
            : null;
    }

    /// <summary>
    /// The store accepted the bytes. Where another copy in the same store was faster, this one is not needed: it is deleted.
    /// </summary>
    public static void MarkWritten(CatalogSession session, LocationRow location)
    {
        var raceLost = session.Exists(SelectStoredIn, location.Tenant, location.Hash, location.Store);
        session.Execute(SettleLocation, location.Id, raceLost ? (int)LocationState.Deleting : (int)LocationState.Stored);
        if (!raceLost)
        {
            session.Execute(CountStored, location.Store, location.Length, 1);
        }
    }

    /// <summary>The bytes were not accepted, or nobody wants them: the copy is deleted, and stays charged until it is.</summary>
    public static void MarkFailed(CatalogSession session, LocationId location) => session.Execute(FailLocation, location);

    /// <summary>
    /// A copy is deleted that nothing writes any more: a stored one that may go, or a written one that is not wanted. It forgets
    /// who wrote it, so that its bytes go at once.
    /// </summary>
    public static void Condemn(CatalogSession session, LocationRow location)
    {
        session.Execute(SettleLocation, location.Id, (int)LocationState.Deleting);
        if (location.State == LocationState.Stored)
        {
            session.Execute(CountStored, location.Store, -location.Length, -1);
        }
    }

    /// <summary>
    /// Lets go of an upload's unfinished writes of living silos. Those of a dead life wait for their grace period: a frozen
    /// process may still write them (design, Space and quotas).
    /// </summary>
    /// <returns>Stores that have something to delete now.</returns>
    public static HashSet<StoreId> FailWritesOf(CatalogSession session, byte[] upload)
    {
        var found = new List<LocationId>();
        var stores = new HashSet<StoreId>();
        using (var rows = session.Query(SelectWriting, upload))
        {
            while (rows.Read())
            {
                found.Add(new LocationId(rows.Long(0)));
                stores.Add(new StoreId(rows.Long(1)));
            }
        }

        foreach (var location in found)
        {
            MarkFailed(session, location);
        }

        return stores;
    }

    /// <summary>Counts stored copies of a store up or down.</summary>
    public static void CountStoredCopies(CatalogSession session, StoreId store, long bytes, long chunks) =>
        session.Execute(CountStored, store, bytes, chunks);
}

/// <summary>One row of location.</summary>
internal sealed class LocationRow
{
    public required LocationId Id { get; init; }

    public required TenantId Tenant { get; init; }

    public required byte[] Hash { get; init; }

    public required StoreId Store { get; init; }

    public required LocationState State { get; init; }

    public required long Length { get; init; }

    public SiloEpoch? Epoch { get; init; }

    public UploadId? Upload { get; init; }
}

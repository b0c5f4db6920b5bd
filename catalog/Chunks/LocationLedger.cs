using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Copies of chunks and the space they are charged for. A location is a row before its bytes, its length comes from a block
/// of space, and it stays charged until the store said that its key is absent (design, Writing 2 and 6).
/// </summary>
internal static class LocationLedger
{
    // Shared locks on the attachments: whoever detaches a store waits until this transaction's reliance on it can be seen.
    private static readonly Sql SelectAttached = new("""
        SELECT a.store, a.read_only, a.write_only, (SELECT b.available FROM block b WHERE b.store = a.store AND b.epoch = ?2)
        FROM attachment a
        WHERE a.scope = ?1 AND a.state = 0 AND a.store NOT IN (SELECT s.id FROM silo_drain d JOIN store s ON s.silo = d.silo) /*share*/
        """);

    private static readonly Sql SelectCopies = new("SELECT id, store FROM location WHERE tenant = ?1 AND chunk = ?2 AND state = 1");

    private static readonly Sql InsertLocation = new(
        "INSERT INTO location (id, tenant, chunk, store, state, length, epoch, upload, created) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8)");

    private static readonly Sql InsertRange = new("INSERT INTO location_range (first_id, given) VALUES (?1, ?2)");

    private static readonly Sql SelectLocation = new("SELECT tenant, chunk, store, state, length, epoch, upload FROM location WHERE id = ?1")
    {
        Many = new(1, "SELECT id, tenant, chunk, store, state, length, epoch, upload FROM location FORCE INDEX (PRIMARY) WHERE id IN (?*)"),
    };

    // The plus keeps the planner from walking all stored copies of the store instead of the few of the chunk.
    private static readonly Sql SelectStoredIn = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND +store = ?3 AND state = 1")
    {
        Many = new(2, "SELECT chunk, 1 FROM location FORCE INDEX (location_copies) WHERE tenant = ?1 AND chunk IN (?*) AND store = ?3 AND state = 1"),
    };

    // A copy that is settled forgets who wrote it (who that was never changes before); one that failed remembers, so that a late report of it is refused.
    // Nobody else settles it while its upload is locked; if somebody did, the state may not be NULL and the work runs again.
    private static readonly Sql SettleLocation = new(
        "UPDATE location SET state = CASE WHEN state = 0 AND upload IS NOT NULL THEN ?2 ELSE NULL END, epoch = NULL, upload = NULL WHERE id = ?1")
    {
        Many = new(1, "UPDATE location SET state = CASE WHEN state = 0 AND upload IS NOT NULL THEN ?2 ELSE NULL END, epoch = NULL, upload = NULL WHERE id IN (?*)"),
    };

    // A copy of no upload, in the state in which it was seen under the chunk's lock; otherwise the work runs again.
    private static readonly Sql MoveLocation = new(
        "UPDATE location SET state = CASE WHEN state = ?3 THEN ?2 ELSE NULL END, epoch = NULL, upload = NULL WHERE id = ?1");

    private static readonly Sql SelectAvailable = new("SELECT available FROM block WHERE store = ?1 AND epoch = ?2");

    private static readonly Sql FailLocation = new("UPDATE location SET state = 2 WHERE id = ?1 AND state = 0");

    private static readonly Sql SelectWriting = new("""
        SELECT id, store FROM location
        WHERE state = 0 AND upload = ?1 AND epoch IN (SELECT id FROM silo_epoch WHERE ended IS NULL) /*lock*/
        """);

    /// <summary>The stores that a scope uses and that are not leaving, by themselves or with their silo, with the space that a silo's life still has in each.</summary>
    public static List<AttachedStore> Attached(CatalogSession session, ScopeId scope, SiloEpoch epoch)
    {
        var attached = new List<AttachedStore>();
        using var rows = session.QueryOnce(SelectAttached, scope, epoch);
        while (rows.Read())
        {
            var store = new StoreId(rows.Long(0));
            attached.Add(new AttachedStore(store, rows.Flag(1), rows.Flag(2), rows.Long(3) - session.Shared.Taken(store, epoch)));
        }

        return attached;
    }

    /// <summary><see cref="Attached"/> is going to be asked.</summary>
    public static void ExpectAttached(CatalogSession session, ScopeId scope, SiloEpoch epoch) => session.Expect(SelectAttached, scope, epoch);

    /// <summary><see cref="Find"/> is going to be asked.</summary>
    public static void ExpectRow(CatalogSession session, LocationId id) => session.Expect(SelectLocation, id);

    /// <summary><see cref="MarkWritten"/> is going to be asked for; the chunk is locked.</summary>
    public static void ExpectWritten(CatalogSession session, LocationRow location) =>
        session.Expect(SelectStoredIn, location.Tenant, location.Hash, location.Store);

    /// <summary>A stored copy that a scope can read: in a store that is attached, not leaving, not writeOnly (design, Writing 3).</summary>
    public static (LocationId Location, StoreId Store)? FindReadable(
        CatalogSession session, TenantId tenant, byte[] hash, IReadOnlyList<AttachedStore> attached, StoreId[] unusable)
    {
        using var rows = session.Query(SelectCopies, tenant, hash);
        while (rows.Read())
        {
            var store = new StoreId(rows.Long(1));
            if (!unusable.Contains(store) && attached.Any(one => one.Store == store && !one.WriteOnly))
            {
                return (new LocationId(rows.Long(0)), store);
            }
        }

        return null;
    }

    /// <summary>The first candidate that the scope may still write to; null when there is none.</summary>
    public static AttachedStore? ChooseStore(IReadOnlyList<AttachedStore> attached, StoreId[] candidates)
    {
        foreach (var candidate in candidates)
        {
            if (attached.FirstOrDefault(one => one.Store == candidate && !one.ReadOnly && !one.WriteOnly) is { } chosen)
            {
                return chosen;
            }
        }

        return null;
    }

    /// <summary>The bytes that a silo's life still has in a store, after what this transaction has taken.</summary>
    public static long Available(CatalogSession session, StoreId store, SiloEpoch epoch) =>
        (session.Scalar(SelectAvailable, store, epoch) ?? 0) - session.Shared.Taken(store, epoch);

    /// <summary>
    /// Records a copy that is about to be written, of an upload or (null) of maintenance, and takes its length from the block,
    /// where it was seen.
    /// </summary>
    public static LocationId Insert(CatalogSession session, TenantId tenant, byte[] hash, StoreId store, long length, SiloEpoch epoch, byte[]? upload)
    {
        var id = new LocationId(session.NextId("location", rangeSize: 1_000, InsertRange));
        session.Post(InsertLocation, id, tenant, hash, store, length, epoch, upload, session.Now);
        session.Shared.Take(store, epoch, length);
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
    /// The chunk is locked.
    /// </summary>
    public static void MarkWritten(CatalogSession session, LocationRow location)
    {
        var raceLost = session.Exists(SelectStoredIn, location.Tenant, location.Hash, location.Store);
        var state = raceLost ? (int)LocationState.Deleting : (int)LocationState.Stored;
        if (location.Upload is not null)
        {
            session.Post(SettleLocation, location.Id, state);
            session.Shared.AddUploaded(location.Store, raceLost ? 0 : location.Length);
        }
        else
        {
            session.Post(MoveLocation, location.Id, state, (int)LocationState.Writing);
        }

        if (!raceLost)
        {
            CountStoredCopies(session, location.Store, location.Length, 1);
        }
    }

    /// <summary>The bytes were not accepted, or nobody wants them: the copy is deleted, and stays charged until it is.</summary>
    public static void MarkFailed(CatalogSession session, LocationId location) => session.Post(FailLocation, location);

    /// <summary>
    /// A copy is deleted that nothing writes any more: a stored one that may go, or a written one that is not wanted. It forgets
    /// who wrote it, so that its bytes go at once.
    /// </summary>
    public static void Condemn(CatalogSession session, LocationRow location)
    {
        session.Post(MoveLocation, location.Id, (int)LocationState.Deleting, (int)location.State);
        if (location.State == LocationState.Stored)
        {
            CountStoredCopies(session, location.Store, -location.Length, -1);
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
        session.Shared.AddSpace(store, 0, bytes, chunks);

    /// <summary>Ends the charge of copies that are gone.</summary>
    public static void Discharge(CatalogSession session, StoreId store, long bytes) => session.Shared.AddSpace(store, -bytes, 0, 0);
}

/// <summary>A store that a scope uses, and the space that a silo's life has in it.</summary>
internal sealed record AttachedStore(StoreId Store, bool ReadOnly, bool WriteOnly, long Available);

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

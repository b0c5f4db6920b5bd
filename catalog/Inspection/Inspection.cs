using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Statements of <see cref="InspectionCatalog"/>. Lock order: the chunk, then its copies.</summary>
internal static class Inspection
{
    // The plus keeps the planner on the chunk's index: one store's copies may be most of the table.
    private static readonly Sql SelectShard = new("""
        SELECT id, tenant, chunk, store, state, length FROM location
        WHERE tenant = ?1 AND chunk >= ?2 AND chunk <= ?3 AND +store = ?4 AND state IN (1, 3) LIMIT ?5
        """);

    private static readonly Sql SelectWalk = new("""
        SELECT id, tenant, chunk, store, state, length FROM location
        WHERE store = ?1 AND state = 1 AND id > ?2 ORDER BY id LIMIT ?3
        """);

    private static readonly Sql SelectWalkScope = new("""
        SELECT l.id, l.tenant, l.chunk, l.store, l.state, l.length FROM scope_chunk s
        JOIN location l ON l.tenant = s.tenant AND l.chunk = s.chunk
        WHERE s.scope = ?1 AND s.chunk > ?2 AND +l.store = ?3 AND l.state = 1 ORDER BY s.chunk LIMIT ?4
        """);

    private static readonly Sql SelectKnown = new("SELECT 1 FROM location WHERE id = ?1 AND tenant = ?2 AND chunk = ?3");

    private static readonly Sql SelectGiven = new("SELECT given FROM location_range WHERE first_id <= ?1 ORDER BY first_id DESC LIMIT 1");

    private static readonly Sql SelectNext = new("SELECT next FROM id WHERE kind = ?1");

    private static readonly Sql SelectRefs = new("SELECT refs FROM chunk WHERE tenant = ?1 AND hash = ?2 /*lock*/");

    private static readonly Sql SelectOther = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND +store = ?3 AND state = 1 AND id <> ?4");

    private static readonly Sql UpdateState = new("UPDATE location SET state = ?2, epoch = NULL, upload = NULL WHERE id = ?1");

    private static readonly Sql SelectAccess = new("""
        SELECT tenant, chunk FROM access WHERE store = ?1 AND tenant >= ?2 AND (tenant > ?2 OR chunk > ?3) ORDER BY tenant, chunk LIMIT ?4
        """);

    private static readonly Sql DeleteAccess = new("""
        DELETE FROM access WHERE store = ?1 AND tenant = ?2 AND chunk = ?3
          AND NOT EXISTS (SELECT 1 FROM location WHERE tenant = ?2 AND chunk = ?3 AND +store = ?1 AND state = 1)
        """);

    public static IReadOnlyList<InspectedCopy> Shard(CatalogSession session, StoreId store, TenantId tenant, byte[] first, byte[] last, int limit)
    {
        using var rows = session.Query(SelectShard, tenant, first, last, store, limit);
        return ReadAll(rows);
    }

    public static IReadOnlyList<InspectedCopy> Walk(CatalogSession session, StoreId store, LocationId? after, int limit)
    {
        using var rows = session.Query(SelectWalk, store, after?.Value ?? 0, limit);
        return ReadAll(rows);
    }

    public static IReadOnlyList<InspectedCopy> WalkScope(CatalogSession session, StoreId store, ScopeId scope, ChunkHash? after, int limit)
    {
        using var rows = session.Query(SelectWalkScope, scope, after?.ToByteArray() ?? [], store, limit);
        return ReadAll(rows);
    }

    public static bool[] Known(CatalogSession session, TenantId tenant, IReadOnlyList<(LocationId Location, ChunkHash Chunk)> copies)
    {
        var known = new bool[copies.Count];
        for (var i = 0; i < known.Length; i++)
        {
            known[i] = session.Exists(SelectKnown, copies[i].Location, tenant, copies[i].Chunk.ToByteArray());
        }

        return known;
    }

    public static bool AnyOlderThanItsId(CatalogSession session, IReadOnlyList<(LocationId Location, DateTimeOffset Modified)> bytes)
    {
        var next = session.Scalar(SelectNext, "location") ?? 0;
        foreach (var (location, modified) in bytes)
        {
            if (location.Value >= next || (session.Scalar(SelectGiven, location) is { } given && modified.ToUnixTimeMilliseconds() < given))
            {
                return true;
            }
        }

        return false;
    }

    public static (long Tenant, long Location) NextIds(CatalogSession session) =>
        (session.Scalar(SelectNext, "tenant") ?? 0, session.Scalar(SelectNext, "location") ?? 0);

    public static DamageOutcome MarkDamaged(CatalogSession session, InspectedCopy copy)
    {
        var hash = copy.Hash.ToByteArray();
        var refs = session.Scalar(SelectRefs, copy.Tenant, hash);
        if (LocationLedger.Find(session, copy.Location) is not { State: LocationState.Stored } row)
        {
            return DamageOutcome.Changed;
        }

        var unwanted = refs is null or 0 || session.Exists(SelectOther, copy.Tenant, hash, copy.Store, copy.Location);
        session.Execute(UpdateState, copy.Location, (int)(unwanted ? LocationState.Deleting : LocationState.Damaged));
        LocationLedger.CountStoredCopies(session, row.Store, -row.Length, -1);
        return unwanted ? DamageOutcome.Condemned : DamageOutcome.Damaged;
    }

    public static DamageOutcome SettleDamaged(CatalogSession session, InspectedCopy copy, bool isGood)
    {
        var hash = copy.Hash.ToByteArray();
        var refs = session.Scalar(SelectRefs, copy.Tenant, hash);
        if (LocationLedger.Find(session, copy.Location) is not { State: LocationState.Damaged } row)
        {
            return DamageOutcome.Changed;
        }

        if (refs is null or 0 || session.Exists(SelectOther, copy.Tenant, hash, copy.Store, copy.Location))
        {
            session.Execute(UpdateState, copy.Location, (int)LocationState.Deleting);
            return DamageOutcome.Condemned;
        }

        if (!isGood)
        {
            return DamageOutcome.Damaged;
        }

        session.Execute(UpdateState, copy.Location, (int)LocationState.Stored);
        LocationLedger.CountStoredCopies(session, row.Store, row.Length, 1);
        return DamageOutcome.Stored;
    }

    public static AccessKey? PruneAccess(CatalogSession session, StoreId store, AccessKey? after, int limit)
    {
        var page = new List<AccessKey>();
        using (var rows = session.Query(SelectAccess, store, after?.Tenant.Value ?? 0, after?.Chunk.ToByteArray() ?? [], limit))
        {
            while (rows.Read())
            {
                page.Add(new AccessKey(new TenantId(rows.Long(0)), rows.Hash(1)));
            }
        }

        page.ForEach(key => session.Execute(DeleteAccess, store, key.Tenant, key.Chunk));
        return page.Count < limit ? null : page[^1];
    }

    private static List<InspectedCopy> ReadAll(SqlRows rows)
    {
        var found = new List<InspectedCopy>();
        while (rows.Read())
        {
            found.Add(new InspectedCopy(
                new LocationId(rows.Long(0)), new TenantId(rows.Long(1)), rows.Hash(2), new StoreId(rows.Long(3)), (LocationState)rows.Int(4), rows.Long(5)));
        }

        return found;
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>The transactions of collection. Lock order: the chunk, then its copies.</summary>
internal static class Collection
{
    private static readonly Sql SumDue = new(
        "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM chunk WHERE tenant = ?1 AND unreferenced_since IS NOT NULL AND unreferenced_since <= ?2");

    private static readonly Sql SelectDue = new("""
        SELECT unreferenced_since, hash, size FROM chunk
        WHERE tenant = ?1 AND unreferenced_since IS NOT NULL AND unreferenced_since <= ?2 AND unreferenced_since >= ?3
          AND (unreferenced_since > ?3 OR hash > ?4)
        ORDER BY unreferenced_since, hash LIMIT ?5
        """);

    private static readonly Sql SelectChunk = new("SELECT refs, unreferenced_since FROM chunk WHERE tenant = ?1 AND hash = ?2 /*lock*/");

    private static readonly Sql SelectReference = new("SELECT 1 FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2");

    private static readonly Sql SelectScopeChunk = new("SELECT 1 FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2");

    private static readonly Sql SelectCopies = new("SELECT id, store, state, length FROM location WHERE tenant = ?1 AND chunk = ?2 ORDER BY id /*lock*/");

    private static readonly Sql CondemnCopy = new("UPDATE location SET state = 2, epoch = NULL, upload = NULL WHERE id = ?1");

    private static readonly Sql DeleteChunk = new("DELETE FROM chunk WHERE tenant = ?1 AND hash = ?2 AND refs = 0");

    public static TaskTotals Measure(CatalogSession session, TenantId tenant, DateTimeOffset before)
    {
        using var rows = session.Query(SumDue, tenant, before);
        return rows.Read() ? new TaskTotals(rows.Long(0), rows.Long(1)) : new TaskTotals(0, 0);
    }

    public static IReadOnlyList<UnreferencedChunk> Next(CatalogSession session, TenantId tenant, DateTimeOffset before, CollectPosition after, int limit)
    {
        var found = new List<UnreferencedChunk>();
        var hash = after.Hash.IsEmpty ? [] : after.Hash.ToByteArray();
        using var rows = session.Query(SelectDue, tenant, before, after.Since, hash, limit);
        while (rows.Read())
        {
            found.Add(new UnreferencedChunk(new CollectPosition(rows.Long(0), rows.Hash(1)), rows.Long(2)));
        }

        return found;
    }

    public static CollectPage Collect(CatalogSession session, TenantId tenant, DateTimeOffset before, IReadOnlyList<ChunkHash> chunks)
    {
        var outcomes = new CollectOutcome[chunks.Count];
        var stores = new HashSet<StoreId>();

        // Locks are taken in ascending order of chunks (design, Writing 7).
        var order = Enumerable.Range(0, chunks.Count).Select(i => (Index: i, Hash: chunks[i].ToByteArray())).ToArray();
        Array.Sort(order, static (x, y) => x.Hash.AsSpan().SequenceCompareTo(y.Hash));
        foreach (var (index, hash) in order)
        {
            outcomes[index] = CollectOne(session, tenant, before, hash, stores);
        }

        return new CollectPage(outcomes, [.. stores]);
    }

    public static int Forget(CatalogSession session, IReadOnlyList<(TenantId Tenant, ChunkHash Hash)> chunks)
    {
        var order = chunks.Distinct().Select(chunk => (chunk.Tenant, Hash: chunk.Hash.ToByteArray())).ToArray();
        Array.Sort(order, static (x, y) => x.Tenant != y.Tenant ? x.Tenant.Value.CompareTo(y.Tenant.Value) : x.Hash.AsSpan().SequenceCompareTo(y.Hash));
        var removed = 0;
        foreach (var (tenant, hash) in order)
        {
            if (IsUnreferenced(session, tenant, hash, session.Now) && !IsNamed(session, tenant, hash) && !session.Exists(SelectCopies, tenant, hash))
            {
                removed += session.Execute(DeleteChunk, tenant, hash);
            }
        }

        return removed;
    }

    private static CollectOutcome CollectOne(CatalogSession session, TenantId tenant, DateTimeOffset before, byte[] hash, HashSet<StoreId> stores)
    {
        // 1. The chunk is locked: from here on nobody begins to reference it.
        if (!IsUnreferenced(session, tenant, hash, before))
        {
            return CollectOutcome.Referenced;
        }

        // 2. The rows that refer to it are looked at themselves.
        if (IsNamed(session, tenant, hash))
        {
            return CollectOutcome.Disagrees;
        }

        // 3. Every copy that nobody writes is to be deleted.
        var copies = Copies(session, tenant, hash);
        if (copies.Count == 0)
        {
            session.Execute(DeleteChunk, tenant, hash);
            return CollectOutcome.Removed;
        }

        var condemned = false;
        foreach (var (id, store, state, length) in copies)
        {
            stores.Add(store);
            if (state is LocationState.Stored or LocationState.Damaged)
            {
                condemned = true;
                session.Execute(CondemnCopy, id);
                if (state == LocationState.Stored)
                {
                    LocationLedger.CountStoredCopies(session, store, -length, -1);
                }
            }
        }

        return condemned ? CollectOutcome.Condemned : CollectOutcome.Waits;
    }

    private static bool IsUnreferenced(CatalogSession session, TenantId tenant, byte[] hash, DateTimeOffset before)
    {
        using var rows = session.Query(SelectChunk, tenant, hash);
        return rows.Read() && rows.Long(0) == 0 && !rows.IsNull(1) && rows.Time(1) <= before;
    }

    private static bool IsNamed(CatalogSession session, TenantId tenant, byte[] hash) =>
        session.Exists(SelectReference, tenant, hash) || session.Exists(SelectScopeChunk, tenant, hash);

    private static List<(LocationId Id, StoreId Store, LocationState State, long Length)> Copies(CatalogSession session, TenantId tenant, byte[] hash)
    {
        var copies = new List<(LocationId, StoreId, LocationState, long)>();
        using var rows = session.Query(SelectCopies, tenant, hash);
        while (rows.Read())
        {
            copies.Add((new LocationId(rows.Long(0)), new StoreId(rows.Long(1)), (LocationState)rows.Int(2), rows.Long(3)));
        }

        return copies;
    }
}

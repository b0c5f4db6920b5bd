using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Walks over a store's copies in the order of their ids, page by page as <see cref="ScopePages"/>.</summary>
internal static class StorePages
{
    /// <summary>Copies that one page looks at.</summary>
    public const int Window = 20_000;

    private static readonly Sql SelectWindowEnd = new("SELECT id, created FROM location WHERE store = ?1 AND state = 1 AND id > ?2 ORDER BY id LIMIT 1 OFFSET ?3");

    private static readonly Sql SelectLast = new("SELECT MAX(id) FROM location WHERE store = ?1 AND state = 1");

    private static readonly Sql SelectOfScope = new("""
        SELECT l.id, l.tenant, l.chunk, l.length FROM location l
        WHERE l.store = ?1 AND l.state = 1 AND l.id > ?2 AND l.id <= ?3
          AND EXISTS (SELECT 1 FROM scope_chunk c WHERE c.tenant = l.tenant AND c.chunk = l.chunk AND c.scope = ?5)
        ORDER BY l.id LIMIT ?4
        """);

    private static readonly Sql SelectLeftover = new("""
        SELECT l.id, l.tenant, l.chunk, l.length FROM location l
        WHERE l.store = ?1 AND l.state = 1 AND l.id > ?2 AND l.id <= ?3
          AND NOT EXISTS (SELECT 1 FROM scope_chunk c JOIN attachment a ON a.scope = c.scope AND a.store = ?1 WHERE c.tenant = l.tenant AND c.chunk = l.chunk)
          AND EXISTS (SELECT 1 FROM scope_chunk c WHERE c.tenant = l.tenant AND c.chunk = l.chunk)
        ORDER BY l.id LIMIT ?4
        """);

    private static readonly Sql SelectReferenced = new("""
        SELECT l.id, l.tenant, l.chunk, l.length FROM location l
        WHERE l.store = ?1 AND l.state = 1 AND l.id > ?2 AND l.id <= ?3
          AND EXISTS (SELECT 1 FROM chunk c WHERE c.tenant = l.tenant AND c.hash = l.chunk AND c.refs > 0)
        ORDER BY l.id LIMIT ?4
        """);

    /// <summary>A page of copies whose chunk a scope references.</summary>
    public static StorePage OfScope(CatalogSession session, StoreId store, ScopeId scope, LocationId? after, LocationId last, int limit)
    {
        var from = after?.Value ?? 0;
        var end = Math.Min(WindowEnd(session, store, from)?.Id ?? long.MaxValue, last.Value);
        var found = new List<PolicyChunk>();
        using var rows = session.Query(SelectOfScope, store, from, end, limit, scope);
        var reached = Read(rows, found);
        return new StorePage(found, found.Count == limit ? new LocationId(reached) : end < last.Value ? new LocationId(end) : null);
    }

    /// <summary>A page of copies that no scope which references the chunk has a use for: none of them has the store attached.</summary>
    public static StorePage Leftover(CatalogSession session, StoreId store, LocationId? after, int limit) => OfStore(session, SelectLeftover, store, after, limit);

    /// <summary>A page of copies whose chunk something references.</summary>
    public static StorePage Referenced(CatalogSession session, StoreId store, LocationId? after, int limit) => OfStore(session, SelectReferenced, store, after, limit);

    private static StorePage OfStore(CatalogSession session, Sql sql, StoreId store, LocationId? after, int limit)
    {
        var from = after?.Value ?? 0;
        var end = WindowEnd(session, store, from)?.Id;
        var found = new List<PolicyChunk>();
        using var rows = session.Query(sql, store, from, end ?? long.MaxValue, limit);
        var reached = Read(rows, found);
        return new StorePage(found, found.Count == limit ? new LocationId(reached) : end is { } next ? new LocationId(next) : null);
    }

    /// <summary>The newest copy of a store; null when it has none.</summary>
    public static LocationId? Last(CatalogSession session, StoreId store) => session.Scalar(SelectLast, store) is { } id ? new LocationId(id) : null;

    /// <summary>The last copy of a window, and when it came; null when fewer are left.</summary>
    public static (long Id, long Created)? WindowEnd(CatalogSession session, StoreId store, long after)
    {
        using var rows = session.Query(SelectWindowEnd, store, after, Window - 1);
        return rows.Read() ? (rows.Long(0), rows.Long(1)) : null;
    }

    private static long Read(SqlRows rows, List<PolicyChunk> found)
    {
        var last = 0L;
        while (rows.Read())
        {
            last = rows.Long(0);
            found.Add(new PolicyChunk(new TenantId(rows.Long(1)), rows.Hash(2), rows.Long(3), Location: new LocationId(last)));
        }

        return last;
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Walks over a scope's chunks in the order of their names. A page looks at a window of them and gives what a policy concerns,
/// so that a page over what is all right costs little and holds a reader for some milliseconds.
/// </summary>
internal static class ScopePages
{
    /// <summary>Chunks that one page looks at.</summary>
    public const int Window = 20_000;

    private static readonly byte[] s_end = [.. Enumerable.Repeat(byte.MaxValue, ChunkHash.Size)];

    private static readonly Sql SelectWindowEnd = new("SELECT chunk FROM scope_chunk WHERE scope = ?1 AND chunk > ?2 ORDER BY chunk LIMIT 1 OFFSET ?3");

    // The plus keeps the planner from walking all copies of the store instead of the few of the chunk.
    private static readonly Sql SelectMissing = new("""
        SELECT c.chunk, (SELECT k.size FROM chunk k WHERE k.tenant = ?4 AND k.hash = c.chunk) FROM scope_chunk c
        WHERE c.scope = ?1 AND c.chunk > ?2 AND c.chunk <= ?3
          AND NOT EXISTS (SELECT 1 FROM location l WHERE l.tenant = ?4 AND l.chunk = c.chunk AND +l.store = ?5 AND l.state = 1)
        ORDER BY c.chunk LIMIT ?6
        """);

    private static readonly Sql SelectPresent = new("""
        SELECT c.chunk, (SELECT l.length FROM location l WHERE l.tenant = ?4 AND l.chunk = c.chunk AND +l.store = ?5 AND l.state = 1 LIMIT 1) AS bytes
        FROM scope_chunk c
        WHERE c.scope = ?1 AND c.chunk > ?2 AND c.chunk <= ?3
          AND EXISTS (SELECT 1 FROM location l WHERE l.tenant = ?4 AND l.chunk = c.chunk AND +l.store = ?5 AND l.state = 1)
        ORDER BY c.chunk LIMIT ?6
        """);

    // Copies that another scope keeps in the store are told apart by the last column. The plus before c.chunk keeps the range of
    // the scope from becoming a range of copies, which would be walked for each of its chunks.
    private static readonly Sql SelectClaimed = new("""
        SELECT c.chunk, l.length, COALESCE((SELECT a.at + 59999 FROM access a WHERE a.store = ?5 AND a.tenant = ?4 AND a.chunk = c.chunk), l.created),
            EXISTS (SELECT 1 FROM scope_chunk o JOIN scope s ON s.id = o.scope AND s.state = 0 JOIN attachment x ON x.scope = o.scope AND x.store = ?5
                WHERE o.tenant = ?4 AND o.chunk = c.chunk AND o.scope <> ?1 AND (x.drain = 0 OR x.populate = 1))
        FROM scope_chunk c JOIN location l ON l.tenant = ?4 AND l.chunk = +c.chunk AND +l.store = ?5 AND l.state = 1
        WHERE c.scope = ?1 AND c.chunk > ?2 AND c.chunk <= ?3
        """);

    /// <summary>A page of chunks that a store lacks.</summary>
    public static ScopePage Missing(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after, int limit) =>
        Read(session, SelectMissing, tenant, scope, store, after, limit);

    /// <summary>A page of chunks that a store has.</summary>
    public static ScopePage Present(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after, int limit) =>
        Read(session, SelectPresent, tenant, scope, store, after, limit);

    /// <summary>One window of what a scope has in a store, and which of it another scope keeps there.</summary>
    /// <returns>The window, and where the next one begins: null after the last one.</returns>
    public static (List<(PolicyChunk Chunk, bool KeptForAnother)> Found, ChunkHash? Next) Claimed(
        CatalogSession session, TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after)
    {
        var from = after?.ToByteArray() ?? [];
        var end = WindowEnd(session, scope, from);
        var found = new List<(PolicyChunk Chunk, bool KeptForAnother)>();
        using var rows = session.Query(SelectClaimed, scope, from, end ?? s_end, tenant, store);
        while (rows.Read())
        {
            found.Add((new PolicyChunk(tenant, rows.Hash(0), rows.Long(1), rows.Time(2)), rows.Flag(3)));
        }

        return (found, end is null ? null : ChunkHash.From(end));
    }

    private static ScopePage Read(CatalogSession session, Sql sql, TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after, int limit)
    {
        var from = after?.ToByteArray() ?? [];
        var end = WindowEnd(session, scope, from);
        var found = new List<PolicyChunk>();
        using var rows = session.Query(sql, scope, from, end ?? s_end, tenant, store, limit);
        while (rows.Read())
        {
            found.Add(new PolicyChunk(tenant, rows.Hash(0), rows.Long(1)));
        }

        return new ScopePage(found, found.Count == limit ? found[^1].Hash : end is null ? null : ChunkHash.From(end));
    }

    private static byte[]? WindowEnd(CatalogSession session, ScopeId scope, byte[] from)
    {
        using var rows = session.Query(SelectWindowEnd, scope, from, Window - 1);
        return rows.Read() ? rows.Span(0).ToArray() : null;
    }
}

/// <summary>Adds up a scope's claim in a store and keeps the least recently read chunks of it: memory does not grow with the scope.</summary>
/// <param name="after">Chunks up to this one, in the order of time and name, are not chosen; null for none.</param>
/// <param name="limit">At most so many are kept.</param>
internal sealed class ClaimTally(PolicyChunk? after, int limit)
{
    // The one that was read last is on top, to be thrown out first.
    private readonly PriorityQueue<PolicyChunk, PolicyChunk> _oldest = new(Comparer<PolicyChunk>.Create(static (a, b) => Compare(b, a)));

    private long _bytes;
    private long _kept;

    /// <summary>Takes one chunk in.</summary>
    public void Add(PolicyChunk chunk, bool keptForAnother)
    {
        if (keptForAnother)
        {
            _kept++;
            return;
        }

        _bytes += chunk.Size;
        if (after is { } last && Compare(chunk, last) <= 0)
        {
            return;
        }

        if (_oldest.Count < limit)
        {
            _oldest.Enqueue(chunk, chunk);
        }
        else if (limit > 0)
        {
            _oldest.EnqueueDequeue(chunk, chunk);
        }
    }

    /// <summary>What came together.</summary>
    public ScopeClaim Result() => new(_bytes, _kept, [.. _oldest.UnorderedItems.Select(static item => item.Element).Order(Comparer<PolicyChunk>.Create(Compare))]);

    private static int Compare(PolicyChunk a, PolicyChunk b) =>
        a.Used.CompareTo(b.Used) is var byTime and not 0 ? byTime : a.Hash.CompareTo(b.Hash);
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Chooses copies of a store by last access (D41, G4): read ones by the table access, never read ones by the time they came,
/// merged. Two walks that only go forward, so that what was chosen before costs nothing and memory is a page.
/// </summary>
internal static class LeastRecentlyRead
{
    /// <summary>Reads are known to the minute; this many milliseconds later they are certainly over.</summary>
    public const long ReadUntil = 59_999;

    private const string ReadColumns = """
        SELECT a.at, a.tenant, a.chunk,
            (SELECT l.length FROM location l WHERE l.tenant = a.tenant AND l.chunk = a.chunk AND +l.store = ?1 AND l.state = 1 LIMIT 1)
        FROM access a WHERE a.store = ?1
        """;

    private static readonly Sql SelectReadRest = new(ReadColumns + " AND a.at = ?2 AND a.tenant = ?3 AND a.chunk > ?4 ORDER BY a.at, a.tenant, a.chunk LIMIT ?5");

    private static readonly Sql SelectReadTenants = new(ReadColumns + " AND a.at = ?2 AND a.tenant > ?3 ORDER BY a.at, a.tenant, a.chunk LIMIT ?4");

    private static readonly Sql SelectReadLater = new(ReadColumns + " AND a.at > ?2 ORDER BY a.at, a.tenant, a.chunk LIMIT ?3");

    private static readonly Sql SelectUnread = new("""
        SELECT l.created, l.tenant, l.chunk, l.length, l.id FROM location l
        WHERE l.store = ?1 AND l.state = 1 AND l.id > ?2 AND l.id <= ?3
          AND NOT EXISTS (SELECT 1 FROM access a WHERE a.store = ?1 AND a.tenant = l.tenant AND a.chunk = l.chunk)
        ORDER BY l.id LIMIT ?4
        """);

    /// <summary>The next copies that were read, least recently first. Copies that are gone meanwhile are left out.</summary>
    /// <returns>What was found, whose length may be null; fewer rows than asked for mean that there are no more.</returns>
    public static List<Candidate> Read(CatalogSession session, StoreId store, LeastRecentPosition from, int limit)
    {
        var found = new List<Candidate>();
        if (from.ReadHash is { } hash)
        {
            using (var rest = session.Query(SelectReadRest, store, from.ReadAt, from.ReadTenant, hash, limit))
            {
                Add(rest, found);
            }

            if (found.Count < limit)
            {
                using var tenants = session.Query(SelectReadTenants, store, from.ReadAt, from.ReadTenant, limit - found.Count);
                Add(tenants, found);
            }
        }

        if (found.Count < limit)
        {
            using var later = session.Query(SelectReadLater, store, from.ReadHash is null ? -1 : from.ReadAt, limit - found.Count);
            Add(later, found);
        }

        return found;
    }

    /// <summary>Never read copies of one window.</summary>
    /// <param name="session">The snapshot.</param>
    /// <param name="store">The store.</param>
    /// <param name="after">Copies after this one.</param>
    /// <param name="limit">At most so many, at least 1.</param>
    /// <returns>What was found; how far was looked, and when the last copy looked at came: null when everything was.</returns>
    public static (List<Candidate> Found, (long Id, long Created)? End) Unread(CatalogSession session, StoreId store, long after, int limit)
    {
        var end = StorePages.WindowEnd(session, store, after);
        var found = new List<Candidate>();
        using var rows = session.Query(SelectUnread, store, after, end?.Id ?? long.MaxValue, limit);
        while (rows.Read())
        {
            found.Add(new Candidate(rows.Long(0), new TenantId(rows.Long(1)), rows.Hash(2), rows.Long(3), rows.Long(4)));
        }

        return (found, found.Count == limit ? (found[^1].Id, found[^1].At) : end);
    }

    private static void Add(SqlRows rows, List<Candidate> found)
    {
        while (rows.Read())
        {
            found.Add(new Candidate(rows.Long(0), new TenantId(rows.Long(1)), rows.Hash(2), rows.LongOrNull(3), 0));
        }
    }

    /// <summary>One copy of either walk.</summary>
    /// <param name="At">When it was read, to the minute, or came.</param>
    /// <param name="Tenant">The tenant.</param>
    /// <param name="Hash">The chunk.</param>
    /// <param name="Length">Its bytes; null when the copy is gone.</param>
    /// <param name="Id">The copy, of the walk over never read ones.</param>
    public readonly record struct Candidate(long At, TenantId Tenant, ChunkHash Hash, long? Length, long Id)
    {
        /// <summary>When it was used, for the order: what was read in a minute comes after all that came in it.</summary>
        public long Used => Id == 0 ? At + ReadUntil : At;
    }
}

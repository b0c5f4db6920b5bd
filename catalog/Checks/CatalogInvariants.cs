using System.Globalization;

namespace Granary.Catalog;

/// <summary>
/// What always holds between the catalog's rows, recounted from the rows that count: the sum of a block is never believed.
/// For tests and for fsck; it reads whole tables.
/// </summary>
public static class CatalogInvariants
{
    private static readonly Rule[] Rules =
    [
        new("charged is blocks and copies", """
            SELECT p.store, p.charged, x.counted FROM store_space p JOIN (
                SELECT s.store,
                    (SELECT COALESCE(SUM(available), 0) FROM block b WHERE b.store = s.store)
                    + (SELECT COALESCE(SUM(length), 0) FROM location l WHERE l.store = s.store) AS counted
                FROM store_space s) x ON x.store = p.store
            WHERE p.charged <> x.counted
            """),
        new("charged is at most maxSize", "SELECT s.id, p.charged, s.max_size FROM store_space p JOIN store s ON s.id = p.store WHERE p.charged > s.max_size"),
        new("no block is below zero", "SELECT store, epoch, available FROM block WHERE available < 0"),
        new("stored copies are counted", """
            SELECT p.store, p.stored_bytes, p.stored_chunks, x.bytes, x.chunks FROM store_space p JOIN (
                SELECT s.store,
                    (SELECT COALESCE(SUM(length), 0) FROM location l WHERE l.store = s.store AND l.state = 1) AS bytes,
                    (SELECT COUNT(*) FROM location l WHERE l.store = s.store AND l.state = 1) AS chunks
                FROM store_space s) x ON x.store = p.store
            WHERE p.stored_bytes <> x.bytes OR p.stored_chunks <> x.chunks
            """),
        new("a copy has a chunk of its length", """
            SELECT l.id, l.length, c.size FROM location l LEFT JOIN chunk c ON c.tenant = l.tenant AND c.hash = l.chunk
            WHERE c.size IS NULL OR c.size <> l.length
            """),
        new("a store keeps one stored copy of a chunk", "SELECT store, hex(chunk), COUNT(*) FROM location WHERE state = 1 GROUP BY tenant, store, chunk HAVING COUNT(*) > 1"),
        new("refs counts references", """
            SELECT hex(hash), refs, counted FROM (
                SELECT c.hash, c.refs, (SELECT COUNT(*) FROM chunk_reference r WHERE r.tenant = c.tenant AND r.chunk = c.hash) AS counted FROM chunk c) x
            WHERE refs <> counted
            """),
        new("unreferenced says since when", "SELECT hex(hash), refs, unreferenced_since FROM chunk WHERE (refs = 0) <> (unreferenced_since IS NOT NULL)"),
        new("a reference has its chunk and upload", """
            SELECT hex(r.chunk), hex(r.upload) FROM chunk_reference r
            LEFT JOIN chunk c ON c.tenant = r.tenant AND c.hash = r.chunk LEFT JOIN upload u ON u.id = r.upload
            WHERE c.refs IS NULL OR u.id IS NULL
            """),
        new("a reference is in its manifest", """
            SELECT hex(r.chunk), hex(r.upload) FROM chunk_reference r JOIN upload u ON u.id = r.upload
            WHERE (u.first_chunk IS NULL OR u.first_chunk <> r.chunk)
              AND NOT EXISTS (SELECT 1 FROM manifest_chunk m WHERE m.upload = r.upload AND m.chunk = r.chunk)
            """),
        new("a manifest references its chunks", """
            SELECT hex(u.id), hex(x.chunk) FROM upload u JOIN (
                SELECT id AS upload, first_chunk AS chunk FROM upload WHERE first_chunk IS NOT NULL
                UNION SELECT upload, chunk FROM manifest_chunk) x ON x.upload = u.id
            WHERE u.state < 2 AND NOT EXISTS (SELECT 1 FROM chunk_reference r WHERE r.tenant = u.tenant AND r.chunk = x.chunk AND r.upload = u.id)
            """),
        new("a manifest has its upload, or waits for its downloads", """
            SELECT hex(m.upload), m.idx FROM manifest_chunk m LEFT JOIN upload u ON u.id = m.upload LEFT JOIN manifest_rest r ON r.upload = m.upload
            WHERE u.id IS NULL AND r.since IS NULL
            """),
        new("a manifest that waits has no upload", "SELECT hex(r.upload) FROM manifest_rest r LEFT JOIN upload u ON u.id = r.upload WHERE (u.id IS NULL) <> (r.since IS NOT NULL)"),
        new("scope_chunk counts a scope's references", """
            SELECT scope, hex(chunk), refs, counted FROM (
                SELECT s.tenant, s.scope, s.chunk, s.refs,
                    (SELECT COUNT(*) FROM chunk_reference r JOIN upload u ON u.id = r.upload
                     WHERE r.tenant = s.tenant AND r.chunk = s.chunk AND u.scope = s.scope) AS counted
                FROM scope_chunk s) x
            WHERE refs <> counted OR refs < 1
            """),
        new("every reference is in scope_chunk", """
            SELECT DISTINCT u.scope, hex(r.chunk) FROM chunk_reference r JOIN upload u ON u.id = r.upload
            LEFT JOIN scope_chunk s ON s.tenant = r.tenant AND s.chunk = r.chunk AND s.scope = u.scope WHERE s.refs IS NULL
            """),
        new("unique bytes follow scope_chunk", """
            SELECT g.scope, g.unique_bytes, g.unique_chunks, x.bytes, x.chunks FROM usage g JOIN (
                SELECT h.tenant, h.scope,
                    (SELECT COALESCE(SUM(c.size), 0) FROM scope_chunk s JOIN chunk c ON c.tenant = s.tenant AND c.hash = s.chunk WHERE s.scope = h.scope) AS bytes,
                    (SELECT COUNT(*) FROM scope_chunk s WHERE s.scope = h.scope) AS chunks
                FROM usage h WHERE h.scope <> 0) x ON x.tenant = g.tenant AND x.scope = g.scope
            WHERE g.unique_bytes <> x.bytes OR g.unique_chunks <> x.chunks
            """),
        new("usage of a scope is its versions and uploads", """
            SELECT g.scope, g.logical, g.reserved, g.files, x.logical, x.reserved, x.files FROM usage g JOIN (
                SELECT h.tenant, h.scope,
                    (SELECT COALESCE(SUM(size), 0) FROM file f WHERE f.tenant = h.tenant AND f.scope = h.scope)
                    + (SELECT COALESCE(SUM(size), 0) FROM file_version v WHERE v.tenant = h.tenant AND v.scope = h.scope) AS logical,
                    (SELECT COALESCE(SUM(reserved), 0) FROM upload u WHERE u.tenant = h.tenant AND u.scope = h.scope AND u.state = 0) AS reserved,
                    (SELECT COUNT(*) FROM file f WHERE f.tenant = h.tenant AND f.scope = h.scope) AS files
                FROM usage h WHERE h.scope <> 0) x ON x.tenant = g.tenant AND x.scope = g.scope
            WHERE g.logical <> x.logical OR g.reserved <> x.reserved OR g.files <> x.files
            """),
        new("usage of a tenant is that of its scopes", """
            SELECT t.tenant, t.logical, t.reserved, t.files, x.logical, x.reserved, x.files FROM usage t JOIN (
                SELECT h.tenant, (SELECT COALESCE(SUM(logical), 0) FROM usage s WHERE s.tenant = h.tenant AND s.scope <> 0) AS logical,
                    (SELECT COALESCE(SUM(reserved), 0) FROM usage s WHERE s.tenant = h.tenant AND s.scope <> 0) AS reserved,
                    (SELECT COALESCE(SUM(files), 0) FROM usage s WHERE s.tenant = h.tenant AND s.scope <> 0) AS files
                FROM usage h WHERE h.scope = 0) x ON x.tenant = t.tenant
            WHERE t.scope = 0 AND (t.logical <> x.logical OR t.reserved <> x.reserved OR t.files <> x.files)
            """),
        new("the change log has no gap", """
            SELECT h.scope, h.sequence, COUNT(c.sequence), MIN(c.sequence), MAX(c.sequence) FROM scope_head h
            LEFT JOIN change c ON c.scope = h.scope GROUP BY h.scope, h.sequence
            HAVING (h.sequence > 0 AND (MAX(c.sequence) IS NULL OR MAX(c.sequence) <> h.sequence OR MAX(c.sequence) - MIN(c.sequence) + 1 <> COUNT(c.sequence)))
                OR (h.sequence = 0 AND COUNT(c.sequence) > 0)
            """),
        new("version_refs counts versions", """
            SELECT hex(u.id), u.state, u.version_refs, COALESCE(x.counted, 0) FROM upload u LEFT JOIN (
                SELECT manifest, COUNT(*) AS counted FROM (SELECT manifest FROM file UNION ALL SELECT manifest FROM file_version WHERE deleted = 0) y GROUP BY manifest
                ) x ON x.manifest = u.id
            WHERE u.version_refs <> COALESCE(x.counted, 0) OR (u.state = 1) <> (x.counted IS NOT NULL)
            """),
        new("a version has a committed manifest", """
            SELECT f.scope, hex(f.path), f.version FROM (
                SELECT scope, path, version, manifest FROM file UNION ALL SELECT scope, path, version, manifest FROM file_version WHERE deleted = 0) f
            LEFT JOIN upload u ON u.id = f.manifest WHERE u.state IS NULL OR u.state <> 1
            """),
        new("an upload's progress is its manifest", """
            SELECT hex(u.id), u.chunk_count, u.received, x.chunks, x.bytes FROM upload u JOIN (
                SELECT o.id, (o.first_chunk IS NOT NULL) + (SELECT COUNT(*) FROM manifest_chunk m WHERE m.upload = o.id) AS chunks,
                    COALESCE(o.first_size, 0) + (SELECT COALESCE(SUM(size), 0) FROM manifest_chunk m WHERE m.upload = o.id) AS bytes
                FROM upload o WHERE o.state < 2) x ON x.id = u.id
            WHERE u.chunk_count <> x.chunks OR u.received <> x.bytes
            """),
        new("unfinished writes are pending", """
            SELECT hex(u.id), u.pending, x.writing FROM upload u JOIN (
                SELECT o.id, (SELECT COUNT(*) FROM location l WHERE l.state = 0 AND l.upload = o.id) AS writing FROM upload o WHERE o.state = 0) x ON x.id = u.id
            WHERE u.pending < x.writing
            """),
        new("every chunk of a version has a stored copy", """
            SELECT DISTINCT hex(r.chunk) FROM chunk_reference r JOIN upload u ON u.id = r.upload
            WHERE u.state = 1 AND NOT EXISTS (SELECT 1 FROM location l WHERE l.tenant = r.tenant AND l.chunk = r.chunk AND l.state = 1)
            """),
        new("versions are below the current one", """
            SELECT v.scope, hex(v.path), v.version, f.version FROM file_version v
            JOIN file f ON f.tenant = v.tenant AND f.scope = v.scope AND f.path = v.path WHERE v.version >= f.version
            """),
        new("a path without a current version ends in a tombstone", """
            SELECT scope, hex(path), MAX(version) AS newest FROM file_version v
            WHERE NOT EXISTS (SELECT 1 FROM file f WHERE f.tenant = v.tenant AND f.scope = v.scope AND f.path = v.path)
            GROUP BY tenant, scope, path
            HAVING (SELECT deleted FROM file_version w WHERE w.tenant = v.tenant AND w.scope = v.scope AND w.path = v.path ORDER BY version DESC LIMIT 1) = 0
            """),
    ];

    /// <summary>Checks everything in one snapshot.</summary>
    /// <returns>One line for each row that breaks a rule; empty when all hold.</returns>
    public static Task<IReadOnlyList<string>> CheckAsync(CatalogDatabase database, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>>(Check, cancellationToken);

    internal static List<string> Check(CatalogSession session)
    {
        var found = new List<string>();
        foreach (var rule in Rules)
        {
            using var rows = session.Query(rule.Sql);
            while (rows.Read())
            {
                found.Add($"{rule.Name}: {string.Join(", ", Enumerable.Range(0, rows.Columns).Select(column => Show(rows, column)))}");
            }
        }

        return found;
    }

    private static string Show(SqlRows rows, int column) =>
        rows.IsNull(column) ? "null" : rows.TextOrNull(column) ?? rows.Long(column).ToString(CultureInfo.InvariantCulture);

    private sealed record Rule(string Name, string Text)
    {
        public Sql Sql { get; } = new(Text);
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Recounts chunks: their references, the scopes that need them, their copies.</summary>
internal static class ChunkAudit
{
    private static readonly Sql SumOfTenant = new("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM chunk WHERE tenant = ?1");

    private static readonly Sql SumOfScope = new("""
        SELECT COUNT(*), COALESCE(SUM(c.size), 0) FROM scope_chunk s JOIN chunk c ON c.tenant = s.tenant AND c.hash = s.chunk
        WHERE s.tenant = ?1 AND s.scope = ?2
        """);

    private static readonly Sql SelectOfTenant = new("SELECT hash, size FROM chunk WHERE tenant = ?1 AND hash > ?2 ORDER BY hash LIMIT ?3");

    private static readonly Sql SelectOfScope = new("""
        SELECT c.hash, c.size FROM scope_chunk s JOIN chunk c ON c.tenant = s.tenant AND c.hash = s.chunk
        WHERE s.tenant = ?1 AND s.scope = ?4 AND s.chunk > ?2 ORDER BY s.chunk LIMIT ?3
        """);

    private static readonly Sql SelectChunk = new("SELECT size, refs, unreferenced_since FROM chunk WHERE tenant = ?1 AND hash = ?2 /*lock*/");

    private static readonly Sql CountReferences = new("SELECT COUNT(*) FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2");

    private static readonly Sql SelectOrphans = new("""
        SELECT r.upload FROM chunk_reference r LEFT JOIN upload u ON u.id = r.upload
        WHERE r.tenant = ?1 AND r.chunk = ?2 AND u.id IS NULL
        """);

    private static readonly Sql CountByScope = new("""
        SELECT u.scope, COUNT(*) FROM chunk_reference r JOIN upload u ON u.id = r.upload
        WHERE r.tenant = ?1 AND r.chunk = ?2 GROUP BY u.scope
        """);

    private static readonly Sql SelectScopeRefs = new("SELECT scope, refs FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2");

    private static readonly Sql SelectStored = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND state = 1");

    private static readonly Sql SelectNeeded = new("""
        SELECT 1 FROM chunk_reference r JOIN upload u ON u.id = r.upload
        WHERE r.tenant = ?1 AND r.chunk = ?2 AND u.state = 1
        """);

    private static readonly Sql SelectWrongLength = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND length <> ?3");

    private static readonly Sql DeleteReference = new("DELETE FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2 AND upload = ?3");

    private static readonly Sql UpdateRefs = new("UPDATE chunk SET refs = ?3, unreferenced_since = ?4 WHERE tenant = ?1 AND hash = ?2");

    private static readonly Sql PutScopeRefs = new("""
        INSERT INTO scope_chunk (tenant, chunk, scope, refs) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant, chunk, scope) DO UPDATE SET refs = excluded.refs
        """);

    private static readonly Sql DeleteScopeRefs = new("DELETE FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2 AND scope = ?3");

    public static TaskTotals Measure(CatalogSession session, TenantId tenant, ScopeId? scope)
    {
        using var rows = scope is { } one ? session.Query(SumOfScope, tenant, one) : session.Query(SumOfTenant, tenant);
        return rows.Read() ? new TaskTotals(rows.Long(0), rows.Long(1)) : new TaskTotals(0, 0);
    }

    /// <summary>Looks at a page without a lock; what seems to differ is decided anew.</summary>
    public static (ChunkAuditPage Page, IReadOnlyList<byte[]> Suspects) Look(CatalogSession session, TenantId tenant, ScopeId? scope, ChunkHash? after, int limit)
    {
        var page = new List<(byte[] Hash, long Size)>();
        var from = after?.ToByteArray() ?? [];
        using (var rows = scope is { } one ? session.Query(SelectOfScope, tenant, from, limit, one) : session.Query(SelectOfTenant, tenant, from, limit))
        {
            while (rows.Read())
            {
                page.Add((rows.Span(0).ToArray(), rows.Long(1)));
            }
        }

        var suspects = page.Where(chunk => Count(session, tenant, chunk.Hash) is { } count && count.Differs).Select(static chunk => chunk.Hash).ToList();
        return (new ChunkAuditPage(page.Count == 0 ? null : ChunkHash.From(page[^1].Hash), page.Count, page.Sum(static chunk => chunk.Size), []), suspects);
    }

    /// <summary>Counts one chunk under its lock, and puts it right.</summary>
    public static IReadOnlyList<TaskFinding> Decide(CatalogSession session, TenantId tenant, byte[] hash, bool repair)
    {
        if (Count(session, tenant, hash) is not { Differs: true } count)
        {
            return [];
        }

        var name = ChunkHash.From(hash);
        var findings = new List<TaskFinding>();
        if (count.Orphans.Count > 0)
        {
            Say("reference-without-upload", $"Chunk {name} has {count.Orphans.Count} references of uploads that do not exist.");
        }

        if (count.Refs != count.CountedRefs || count.SinceIsWrong)
        {
            Say("references-differ", $"Chunk {name} counts {count.Refs} references; there are {count.CountedRefs}.");
        }

        foreach (var (scope, refs, counted) in count.Scopes)
        {
            Say("scope-references-differ", $"Scope {scope} counts {refs} references to chunk {name}; there are {counted}.", scope);
        }

        if (count.IsLost)
        {
            findings.Add(new TaskFinding(
                FindingKind.Error, "no-copy", $"Chunk {name} is needed by a version, and no store has a good copy. Upload its content again to heal it.", name));
        }

        if (count.HasWrongLength)
        {
            findings.Add(new TaskFinding(FindingKind.Error, "length-differs", $"A copy of chunk {name} is recorded with another length than {count.Size} bytes.", name));
        }

        if (repair)
        {
            Correct(session, tenant, hash, count);
        }

        return findings;

        void Say(string code, string message, ScopeId? scope = null) =>
            findings.Add(new TaskFinding(repair ? FindingKind.Repaired : FindingKind.Error, code, message, name, null, scope));
    }

    private static ChunkCount? Count(CatalogSession session, TenantId tenant, byte[] hash)
    {
        var count = new ChunkCount();
        using (var rows = session.Query(SelectChunk, tenant, hash))
        {
            if (!rows.Read())
            {
                return null;
            }

            (count.Size, count.Refs, count.Since) = (rows.Long(0), rows.Long(1), rows.TimeOrNull(2));
        }

        using (var rows = session.Query(SelectOrphans, tenant, hash))
        {
            while (rows.Read())
            {
                count.Orphans.Add(rows.Span(0).ToArray());
            }
        }

        count.CountedRefs = (session.Scalar(CountReferences, tenant, hash) ?? 0) - count.Orphans.Count;
        count.Scopes.AddRange(CompareScopes(Pairs(session, SelectScopeRefs, tenant, hash), Pairs(session, CountByScope, tenant, hash)));
        count.IsLost = !session.Exists(SelectStored, tenant, hash) && session.Exists(SelectNeeded, tenant, hash);
        count.HasWrongLength = session.Exists(SelectWrongLength, tenant, hash, count.Size);
        return count;
    }

    private static IEnumerable<(ScopeId Scope, long Refs, long Counted)> CompareScopes(Dictionary<ScopeId, long> recorded, Dictionary<ScopeId, long> counted) =>
        recorded.Keys.Union(counted.Keys).OrderBy(static scope => scope.Value)
            .Select(scope => (scope, recorded.GetValueOrDefault(scope), counted.GetValueOrDefault(scope)))
            .Where(row => row.Item2 != row.Item3 || !recorded.ContainsKey(row.scope) || row.Item2 == 0);

    private static Dictionary<ScopeId, long> Pairs(CatalogSession session, Sql sql, TenantId tenant, byte[] hash)
    {
        var pairs = new Dictionary<ScopeId, long>();
        using var rows = session.Query(sql, tenant, hash);
        while (rows.Read())
        {
            pairs[new ScopeId(rows.Long(0))] = rows.Long(1);
        }

        return pairs;
    }

    private static void Correct(CatalogSession session, TenantId tenant, byte[] hash, ChunkCount count)
    {
        count.Orphans.ForEach(upload => session.Execute(DeleteReference, tenant, hash, upload));
        session.Execute(UpdateRefs, tenant, hash, count.CountedRefs, count.CountedRefs > 0 ? null : count.Since ?? (DateTimeOffset?)session.Now);
        foreach (var (scope, _, counted) in count.Scopes)
        {
            // The scope's unique bytes are not touched: they are recounted by themselves, later in the run.
            if (counted == 0)
            {
                session.Execute(DeleteScopeRefs, tenant, hash, scope);
            }
            else
            {
                session.Execute(PutScopeRefs, tenant, hash, scope, counted);
            }
        }
    }

    private sealed class ChunkCount
    {
        public long Size { get; set; }

        public long Refs { get; set; }

        public long CountedRefs { get; set; }

        public DateTimeOffset? Since { get; set; }

        public List<byte[]> Orphans { get; } = [];

        public List<(ScopeId Scope, long Refs, long Counted)> Scopes { get; } = [];

        public bool IsLost { get; set; }

        public bool HasWrongLength { get; set; }

        public bool SinceIsWrong => (CountedRefs == 0) != (Since is not null);

        public bool Differs => Refs != CountedRefs || SinceIsWrong || Orphans.Count > 0 || Scopes.Count > 0 || IsLost || HasWrongLength;
    }
}

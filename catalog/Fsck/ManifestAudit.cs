using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Checks that versions have whole manifests, and that each holds a reference to its chunks.</summary>
internal static class ManifestAudit
{
    // Versions of one page, and chunks after which it ends: some tens of milliseconds.
    private const int MostVersions = 256;
    private const int MostChunks = 10_000;

    private static readonly Sql SelectCurrent = new("""
        SELECT scope, path, version, size, chunk_count, manifest FROM file
        WHERE tenant = ?1 AND scope >= ?2 AND scope <= ?3 AND (scope > ?2 OR path > ?4) ORDER BY scope, path LIMIT ?5
        """);

    private static readonly Sql SelectKept = new("""
        SELECT scope, path, version, size, chunk_count, manifest FROM file_version
        WHERE tenant = ?1 AND scope >= ?2 AND scope <= ?3 AND (scope > ?2 OR path > ?4 OR (path = ?4 AND version > ?6)) AND deleted = 0
        ORDER BY scope, path, version LIMIT ?5
        """);

    private static readonly Sql SelectStillCurrent = new("SELECT 1 FROM file WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4 AND manifest = ?5");

    private static readonly Sql SelectStillKept = new("SELECT 1 FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4 AND manifest = ?5");

    private static readonly Sql SelectUpload = new("SELECT state, scope, first_chunk, first_size FROM upload WHERE id = ?1 /*lock*/");

    private static readonly Sql SumManifest = new("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM manifest_chunk WHERE upload = ?1");

    private static readonly Sql SelectUnheld = new("""
        SELECT m.chunk, m.size FROM manifest_chunk m
        WHERE m.upload = ?1 AND NOT EXISTS (SELECT 1 FROM chunk_reference r WHERE r.tenant = ?2 AND r.chunk = m.chunk AND r.upload = ?1)
        ORDER BY m.chunk
        """);

    private static readonly Sql SelectReference = new("SELECT 1 FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2 AND upload = ?3");

    public static (ManifestAuditPage Page, IReadOnlyList<AuditedVersion> Suspects) Look(
        CatalogSession session, TenantId tenant, ScopeId? scope, bool kept, VersionPosition? after)
    {
        var page = new List<AuditedVersion>();
        var first = after?.Scope.Value ?? scope?.Value ?? 0;
        var last = scope?.Value ?? long.MaxValue;
        var path = after?.Path ?? [];
        using (var rows = kept
            ? session.Query(SelectKept, tenant, first, last, path, MostVersions, after?.Version ?? 0)
            : session.Query(SelectCurrent, tenant, first, last, path, MostVersions))
        {
            while (rows.Read())
            {
                page.Add(new AuditedVersion(
                    new VersionPosition(new ScopeId(rows.Long(0)), rows.Span(1).ToArray(), rows.Long(2)), rows.Long(3), rows.Long(4), rows.Span(5).ToArray()));
            }
        }

        var suspects = new List<AuditedVersion>();
        var chunks = 0L;
        for (var i = 0; i < page.Count; i++)
        {
            if (Compare(session, tenant, page[i]) is { Differs: true })
            {
                suspects.Add(page[i]);
            }

            chunks += page[i].ChunkCount;
            if (chunks >= MostChunks)
            {
                page.RemoveRange(i + 1, page.Count - i - 1);
            }
        }

        return (new ManifestAuditPage(page.Count == 0 ? null : page[^1].Position, []), suspects);
    }

    public static IReadOnlyList<TaskFinding> Decide(CatalogSession session, TenantId tenant, AuditedVersion version, bool kept, bool repair)
    {
        // 1. The version is still there, with this manifest; then nobody releases it before this transaction ends.
        var (scope, path, number) = version.Position;
        if (!session.Exists(kept ? SelectStillKept : SelectStillCurrent, tenant, scope, path, number, version.Manifest)
            || Compare(session, tenant, version) is not { Differs: true } found)
        {
            return [];
        }

        var file = $"Version {number} of {System.Text.Encoding.UTF8.GetString(path)} in scope {scope}";
        if (!found.HasUpload)
        {
            return [new TaskFinding(FindingKind.Error, "version-without-manifest", $"{file} has no manifest that is kept for it.", null, null, scope)];
        }

        var findings = new List<TaskFinding>();
        if (found.Chunks != version.ChunkCount || found.Bytes != version.Size)
        {
            findings.Add(new TaskFinding(
                FindingKind.Error,
                "manifest-differs",
                $"{file} has {version.ChunkCount} chunks and {version.Size} bytes; its manifest has {found.Chunks} and {found.Bytes}.",
                null,
                null,
                scope));
        }

        // 2. A chunk that is not held might be collected: it is held again, where it still exists.
        foreach (var (chunk, size) in found.Unheld.DistinctBy(static chunk => Convert.ToHexString(chunk.Chunk)))
        {
            var known = ChunkLedger.LockSize(session, tenant, chunk) is not null;
            if (repair && known)
            {
                ChunkLedger.AddReference(
                    session, tenant, found.Scope, chunk, size, version.Manifest, chunkExists: true, ChunkLedger.ScopeRefs(session, tenant, found.Scope, chunk) > 0);
            }

            var name = ChunkHash.From(chunk);
            var rest = known ? "holds no reference to it." : "the chunk is not known: its content is lost.";
            findings.Add(new TaskFinding(
                repair && known ? FindingKind.Repaired : FindingKind.Error, known ? "chunk-not-held" : "chunk-unknown", $"{file} uses chunk {name}, and {rest}", name, null, scope));
        }

        return findings;
    }

    private static ManifestFacts Compare(CatalogSession session, TenantId tenant, AuditedVersion version)
    {
        var facts = new ManifestFacts();
        byte[]? first = null;
        var firstSize = 0L;
        using (var rows = session.Query(SelectUpload, version.Manifest))
        {
            if (!rows.Read() || rows.Long(0) != (int)UploadState.Committed)
            {
                return facts with { Differs = true };
            }

            facts = facts with { HasUpload = true, Scope = new ScopeId(rows.Long(1)) };
            (first, firstSize) = (rows.BytesOrNull(2), rows.Long(3));
        }

        using (var rows = session.Query(SumManifest, version.Manifest))
        {
            rows.Read();
            facts = facts with { Chunks = rows.Long(0) + (first is null ? 0 : 1), Bytes = rows.Long(1) + (first is null ? 0 : firstSize) };
        }

        using (var rows = session.Query(SelectUnheld, version.Manifest, tenant))
        {
            while (rows.Read())
            {
                facts.Unheld.Add((rows.Span(0).ToArray(), rows.Long(1)));
            }
        }

        if (first is not null && !session.Exists(SelectReference, tenant, first, version.Manifest))
        {
            facts.Unheld.Add((first, firstSize));
        }

        facts.Unheld.Sort(static (x, y) => x.Chunk.AsSpan().SequenceCompareTo(y.Chunk));
        return facts with { Differs = facts.Unheld.Count > 0 || facts.Chunks != version.ChunkCount || facts.Bytes != version.Size };
    }

    private sealed record ManifestFacts
    {
        public bool Differs { get; init; }

        public bool HasUpload { get; init; }

        public ScopeId Scope { get; init; }

        public long Chunks { get; init; }

        public long Bytes { get; init; }

        public List<(byte[] Chunk, long Size)> Unheld { get; } = [];
    }
}

/// <summary>A version whose manifest is checked.</summary>
internal sealed record AuditedVersion(VersionPosition Position, long Size, long ChunkCount, byte[] Manifest);

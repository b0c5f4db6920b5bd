using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Reads versions of one path.</summary>
internal static class FileReader
{
    /// <summary>Chunks that come with a lookup.</summary>
    public const int FirstChunks = 16;

    private static readonly Sql SelectTopologyVersion = new("SELECT version FROM topology WHERE one = 1");

    private static readonly Sql SelectVersions = new(
        $"SELECT {FileRow.Columns}, deleted FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version < ?4 ORDER BY version DESC LIMIT ?5");

    public static FileLookup Find(CatalogSession session, TenantId tenant, ScopeId scope, FilePath path, long? version)
    {
        var topology = session.Scalar(SelectTopologyVersion) ?? 0;
        var row = FindRow(session, tenant, scope, path.ToUtf8(), version);
        if (row is null)
        {
            return new FileLookup { TopologyVersion = topology };
        }

        return new FileLookup
        {
            TopologyVersion = topology,
            File = row.ToInfo() with { Path = path },
            FirstChunks = Chunks(session, tenant, row),
        };
    }

    public static FileRow? FindRow(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long? version)
    {
        var current = FileTable.FindCurrent(session, tenant, scope, path);
        return version is not { } number || current?.Version == number
            ? current
            : FileTable.FindKept(session, tenant, scope, path, number);
    }

    public static List<FileVersionInfo> Versions(CatalogSession session, TenantId tenant, ScopeId scope, FilePath path, long? before, int limit)
    {
        var found = new List<FileVersionInfo>();
        var utf8 = path.ToUtf8();
        if (FileTable.FindCurrent(session, tenant, scope, utf8) is { } current && (before is null || current.Version < before))
        {
            found.Add(current.ToInfo());
        }

        using var rows = session.Query(SelectVersions, tenant, scope, utf8, before ?? long.MaxValue, limit - found.Count);
        while (rows.Read())
        {
            found.Add(FileRow.Read(rows, 0, utf8, rows.Flag(11)).ToInfo());
        }

        return found;
    }

    private static List<ChunkWithCopies> Chunks(CatalogSession session, TenantId tenant, FileRow row)
    {
        if (row.ChunkCount == 0)
        {
            return [];
        }

        if (row.ChunkCount > 1 || row.Etag is null)
        {
            return ManifestReader.ReadChunks(session, tenant, row.Manifest!, 0, Math.Min(FirstChunks, row.ChunkCount));
        }

        // A file of one chunk: its entity tag is the chunk, its length the chunk's; the manifest is not needed.
        return [ManifestReader.WithCopies(session, tenant, 0, row.Etag, (int)row.Size)];
    }
}

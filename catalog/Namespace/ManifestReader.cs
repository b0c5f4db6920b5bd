using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Reads manifests: the first chunk lies in the upload's row, the others in manifest_chunk. Of a manifest that no version
/// points at any more the others can still be read for a while (<see cref="ManifestRests"/>).
/// </summary>
internal static class ManifestReader
{
    private static readonly Sql SelectHead = new("SELECT first_chunk, first_size FROM upload WHERE id = ?1 AND tenant = ?2");

    private static readonly Sql SelectPage = new("SELECT idx, chunk, size FROM manifest_chunk WHERE upload = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3");

    private static readonly Sql SelectCopies = new("SELECT store, id FROM location WHERE tenant = ?1 AND chunk = ?2 AND state = 1");

    public static List<ManifestEntry> Read(CatalogSession session, TenantId tenant, UploadId manifest, int fromIndex, int count) =>
        Read(session, tenant, manifest.Value.ToByteArray(bigEndian: true), fromIndex, count);

    public static List<ManifestEntry> Read(CatalogSession session, TenantId tenant, byte[] manifest, int fromIndex, int count)
    {
        var found = new List<ManifestEntry>(Math.Min(count, 1_024));
        using (var head = session.Query(SelectHead, manifest, tenant))
        {
            if (!head.Read())
            {
                if (!ManifestRests.Exists(session, tenant, manifest))
                {
                    return found;
                }
            }
            else if (fromIndex <= 0 && count > 0 && !head.IsNull(0))
            {
                found.Add(new ManifestEntry(0, head.Hash(0), head.Int(1)));
            }
        }

        if (found.Count < count)
        {
            using var rows = session.Query(SelectPage, manifest, Math.Max(1, fromIndex), count - found.Count);
            while (rows.Read())
            {
                found.Add(new ManifestEntry(rows.Int(0), rows.Hash(1), rows.Int(2)));
            }
        }

        return found;
    }

    public static List<ChunkWithCopies> ReadChunks(CatalogSession session, TenantId tenant, UploadId manifest, int fromIndex, int count) =>
        ReadChunks(session, tenant, manifest.Value.ToByteArray(bigEndian: true), fromIndex, count);

    public static List<ChunkWithCopies> ReadChunks(CatalogSession session, TenantId tenant, byte[] manifest, int fromIndex, int count)
    {
        var entries = Read(session, tenant, manifest, fromIndex, count);
        var found = new List<ChunkWithCopies>(entries.Count);
        foreach (var entry in entries)
        {
            found.Add(WithCopies(session, tenant, entry.Index, entry.Hash.ToByteArray(), entry.Size));
        }

        return found;
    }

    public static List<ChunkCopy> Copies(CatalogSession session, TenantId tenant, ChunkHash hash) => Copies(session, tenant, hash.ToByteArray());

    public static ChunkWithCopies WithCopies(CatalogSession session, TenantId tenant, int index, byte[] hash, int size) => new()
    {
        Index = index,
        Hash = ChunkHash.From(hash),
        Size = size,
        Copies = Copies(session, tenant, hash),
    };

    private static List<ChunkCopy> Copies(CatalogSession session, TenantId tenant, byte[] hash)
    {
        var copies = new List<ChunkCopy>(1);
        using var rows = session.Query(SelectCopies, tenant, hash);
        while (rows.Read())
        {
            copies.Add(new ChunkCopy(new StoreId(rows.Long(0)), new LocationId(rows.Long(1))));
        }

        return copies;
    }
}

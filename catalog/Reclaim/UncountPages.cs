using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;

namespace Granary.Catalog;

/// <summary>
/// Uncounts references page by page (design, Writing 5). The rows that are gone are the cursor, or, where rows outlive their
/// manifest, an index (<see cref="ManifestRests"/>).
/// </summary>
internal static class UncountPages
{
    /// <summary>Manifest rows in one transaction: some milliseconds, so that commits behind it hardly wait.</summary>
    private const int MostChunks = 256;

    /// <summary>Small uploads in one transaction, so that many files of one chunk do not cost a transaction each.</summary>
    private const int MostUploads = 64;

    private static readonly Sql SelectGone = new("SELECT id FROM upload WHERE tenant = ?1 AND state >= 2 LIMIT ?2");

    private static readonly Sql SelectDead = new("""
        SELECT id FROM upload
        WHERE tenant = ?1 AND state = 0 AND epoch IS NOT NULL AND epoch NOT IN (SELECT id FROM silo_epoch WHERE ended IS NULL)
        LIMIT ?2
        """);

    private static readonly Sql SelectChunks = new("SELECT idx, chunk, size FROM manifest_chunk WHERE upload = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3");

    private static readonly Sql DeleteChunks = new("DELETE FROM manifest_chunk WHERE upload = ?1 AND idx <= ?2");

    public static int AbortDead(CatalogSession session, TenantId tenant)
    {
        var dead = Ids(session, SelectDead, tenant, MostUploads);
        foreach (var id in dead)
        {
            // Another silo may have been at the same page.
            if (UploadRow.Find(session, id) is { State: UploadState.Open } row)
            {
                row.Abort(session);
            }
        }

        return dead.Count;
    }

    public static UncountPage Uncount(CatalogSession session, TenantId tenant)
    {
        var gone = Ids(session, SelectGone, tenant, MostUploads);
        var left = MostChunks;
        var references = 0L;
        foreach (var id in gone)
        {
            if (left <= 0)
            {
                break;
            }

            if (UploadRow.Find(session, id) is { State: UploadState.Released or UploadState.Aborted } row)
            {
                references += UncountUpload(session, row, ref left);
            }
        }

        if (gone.Count > 0)
        {
            FaultPoint.Reached("uncount.inside");
        }

        return new UncountPage(gone.Count > 0, references);
    }

    /// <summary>
    /// One upload, as far as the page reaches: its manifest rows from the front, and when none is left the first chunk, which
    /// lies in the row itself, and the row.
    /// </summary>
    private static long UncountUpload(CatalogSession session, UploadRow upload, ref int left)
    {
        var kept = ManifestRests.IsKept(upload);
        var page = new List<(int Index, byte[] Chunk, long Size)>();
        using (var rows = session.Query(SelectChunks, upload.Id, kept ? ManifestRests.NextIndex(session, upload) : 0, left))
        {
            while (rows.Read())
            {
                page.Add((rows.Int(0), rows.Span(1).ToArray(), rows.Long(2)));
            }
        }

        // Locks are taken in ascending order of chunks (design, Writing 7).
        var references = 0L;
        foreach (var (_, chunk, size) in page.OrderBy(static row => row.Chunk, ByteOrder.Instance))
        {
            references += Remove(session, upload, chunk, size);
        }

        if (page.Count > 0 && !kept)
        {
            session.Execute(DeleteChunks, upload.Id, page[^1].Index);
        }

        if (page.Count == left)
        {
            if (kept)
            {
                ManifestRests.SaveNext(session, upload, page[^1].Index + 1);
            }

            left = 0;
            return references;
        }

        if (upload.FirstChunk is { } first)
        {
            references += Remove(session, upload, first, upload.FirstSize);
        }

        if (kept)
        {
            ManifestRests.SaveEnd(session, upload);
        }

        UploadRow.Delete(session, upload.Id);
        left -= page.Count + 1;
        return references;
    }

    private static int Remove(CatalogSession session, UploadRow upload, byte[] chunk, long size)
    {
        ChunkLedger.LockSize(session, upload.Tenant, chunk);
        if (!ChunkLedger.IsReferenced(session, upload.Tenant, chunk, upload.Id))
        {
            // The manifest names the chunk more than once; its one reference is gone already.
            return 0;
        }

        if (ChunkLedger.RemoveReference(session, upload.Tenant, upload.Scope, chunk, upload.Id))
        {
            UsageLedger.AddUnique(session, upload.Tenant, upload.Scope, -size, -1);
        }

        return 1;
    }

    private static List<byte[]> Ids(CatalogSession session, Sql sql, TenantId tenant, int limit)
    {
        var ids = new List<byte[]>();
        using var rows = session.Query(sql, tenant, limit);
        while (rows.Read())
        {
            ids.Add(rows.Span(0).ToArray());
        }

        return ids;
    }
}

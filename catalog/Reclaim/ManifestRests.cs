using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Manifests whose last version is gone. A download that is under way still reads their pages, on whichever silo: so the rows
/// stay for a grace period after their references are uncounted. The chunks' bytes stay at least as long, since an
/// unreferenced chunk has a grace period of its own, and are found by their name.
/// </summary>
internal static class ManifestRests
{
    private static readonly Sql SelectNext = new("SELECT next_index FROM manifest_rest WHERE tenant = ?1 AND upload = ?2 /*lock*/");

    private static readonly Sql PutRest = new("""
        INSERT INTO manifest_rest (tenant, upload, next_index, since) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant, upload) DO UPDATE SET next_index = excluded.next_index, since = excluded.since
        """);

    private static readonly Sql SelectRest = new("SELECT 1 FROM manifest_rest WHERE tenant = ?1 AND upload = ?2");

    private static readonly Sql SelectDue = new(
        "SELECT upload FROM manifest_rest WHERE tenant = ?1 AND since <= ?2 ORDER BY since LIMIT 1 /*lock*/");

    private static readonly Sql SelectPageEnd = new("SELECT idx FROM manifest_chunk WHERE upload = ?1 ORDER BY idx LIMIT 1 OFFSET ?2");

    private static readonly Sql DeleteChunks = new("DELETE FROM manifest_chunk WHERE upload = ?1 AND idx <= ?2");

    private static readonly Sql DeleteRest = new("DELETE FROM manifest_rest WHERE tenant = ?1 AND upload = ?2");

    /// <summary>
    /// Whether a manifest's rows outlive it. A lookup carries the first chunks, so a shorter one is never read again; what was
    /// never a version never was read.
    /// </summary>
    public static bool IsKept(UploadRow upload) => upload.State == UploadState.Released && upload.ChunkCount > FileReader.FirstChunks;

    /// <summary>From where on its references are still to be uncounted.</summary>
    public static int NextIndex(CatalogSession session, UploadRow upload) => (int)(session.Scalar(SelectNext, upload.Tenant, upload.Id) ?? 0);

    /// <summary>Remembers how far uncounting got.</summary>
    public static void SaveNext(CatalogSession session, UploadRow upload, int nextIndex) =>
        session.Execute(PutRest, upload.Tenant, upload.Id, nextIndex, SqlValue.Null);

    /// <summary>Everything is uncounted: from now on the rows only wait.</summary>
    public static void SaveEnd(CatalogSession session, UploadRow upload) =>
        session.Execute(PutRest, upload.Tenant, upload.Id, int.MaxValue, session.Now);

    /// <summary>Whether rows of a manifest of this tenant are kept.</summary>
    public static bool Exists(CatalogSession session, TenantId tenant, byte[] upload) => session.Exists(SelectRest, tenant, upload);

    /// <summary>Removes a page of the rows of one manifest whose waiting is over.</summary>
    /// <returns>Rows that were worked on; 0 when nothing is due.</returns>
    public static int DropPage(CatalogSession session, TenantId tenant, DateTimeOffset endedBefore, int limit)
    {
        byte[]? upload = null;
        using (var rows = session.Query(SelectDue, tenant, endedBefore))
        {
            if (rows.Read())
            {
                upload = rows.Span(0).ToArray();
            }
        }

        if (upload is null)
        {
            return 0;
        }

        if (session.Scalar(SelectPageEnd, upload, limit) is { } last)
        {
            session.Execute(DeleteChunks, upload, last);
            return limit;
        }

        var left = session.Execute(DeleteChunks, upload, long.MaxValue);
        session.Execute(DeleteRest, tenant, upload);
        return left + 1;
    }
}

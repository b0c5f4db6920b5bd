using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Manifests of open sessions: which parts are there, and taking back those that are not wanted.</summary>
internal static class SessionManifest
{
    /// <summary>
    /// Where a chunk waits that is to replace several small ones at the end, until its bytes are stored: no manifest reaches
    /// so far, and one that has it is not contiguous, so that it cannot be committed.
    /// </summary>
    public const int SideIndex = int.MaxValue;

    // A store that is leaving still serves, and stays when a chunk is only there: parts of open uploads count (design, Writing 8).
    private static readonly Sql SelectPage = new("""
        SELECT m.idx, m.chunk, m.size, EXISTS (
            SELECT 1 FROM location l JOIN attachment a ON a.scope = ?2 AND a.store = l.store
            WHERE l.tenant = ?3 AND l.chunk = m.chunk AND l.state = 1 AND a.write_only = 0)
        FROM manifest_chunk m WHERE m.upload = ?1 AND m.idx >= ?4 ORDER BY m.idx LIMIT ?5
        """);

    private static readonly Sql SelectReadable = new("""
        SELECT 1 FROM location l JOIN attachment a ON a.scope = ?3 AND a.store = l.store
        WHERE l.tenant = ?1 AND l.chunk = ?2 AND l.state = 1 AND a.write_only = 0 LIMIT 1
        """);

    private static readonly Sql SelectReliable = new("""
        SELECT 1 FROM location l JOIN attachment a ON a.scope = ?3 AND a.store = l.store
        WHERE l.tenant = ?1 AND l.chunk = ?2 AND l.state = 1 AND a.state = 0 AND a.write_only = 0 LIMIT 1
        """);

    private static readonly Sql SelectSame = new("SELECT 1 FROM manifest_chunk WHERE upload = ?1 AND chunk = ?2 LIMIT 1");

    private static readonly Sql SelectLast = new("SELECT idx FROM manifest_chunk WHERE upload = ?1 ORDER BY idx DESC LIMIT 1");

    private static readonly Sql DeleteIndex = new("DELETE FROM manifest_chunk WHERE upload = ?1 AND idx = ?2");

    private static readonly Sql MoveIndex = new("UPDATE manifest_chunk SET idx = ?3 WHERE upload = ?1 AND idx = ?2");

    private static readonly Sql SelectWriting = new("""
        SELECT id, epoch FROM location
        WHERE state = 0 AND upload = ?1 AND epoch IN (SELECT id FROM silo_epoch)
        """);

    private static readonly Sql SelectWritingOf = new("""
        SELECT id, epoch FROM location WHERE tenant = ?1 AND chunk = ?2 AND state = 0 AND upload = ?3
        """);

    private static readonly Sql Orphan = new("UPDATE location SET upload = NULL WHERE id = ?1 AND state = 0");

    /// <summary>A page of the manifest from an index on, the side chunk left out.</summary>
    public static List<SessionPart> Read(CatalogSession session, UploadRow upload, int from, int count)
    {
        var found = new List<SessionPart>(Math.Min(count, 1_024));
        if (from <= 0 && count > 0 && upload.FirstChunk is { } first)
        {
            found.Add(new SessionPart(0, ChunkHash.From(first), upload.FirstSize, IsReadable(session, upload, first)));
        }

        using var rows = session.Query(SelectPage, upload.Id, upload.Scope, upload.Tenant, Math.Max(1, from), count - found.Count);
        while (rows.Read())
        {
            if (rows.Int(0) != SideIndex)
            {
                found.Add(new SessionPart(rows.Int(0), rows.Hash(1), rows.Int(2), rows.Flag(3)));
            }
        }

        return found;
    }

    /// <summary>Has the scope a stored copy of a chunk that it can read? Of what an upload holds this stays so.</summary>
    public static bool IsReadable(CatalogSession session, UploadRow upload, byte[] chunk) =>
        session.Exists(SelectReadable, upload.Tenant, chunk, upload.Scope);

    /// <summary>Has the scope a stored copy of a chunk that may be relied on from now on: not only in a store that is leaving?</summary>
    public static bool IsReliable(CatalogSession session, UploadRow upload, byte[] chunk) =>
        session.Exists(SelectReliable, upload.Tenant, chunk, upload.Scope);

    /// <summary>
    /// Takes a part out of the manifest, with its reference when no other part is the same chunk. The caller saves the row.
    /// </summary>
    public static void Unbind(CatalogSession session, UploadRow upload, int index, byte[] chunk, int size)
    {
        ChunkLedger.LockSize(session, upload.Tenant, chunk);
        if (index == 0)
        {
            upload.FirstChunk = null;
            upload.FirstSize = 0;
        }
        else
        {
            session.Execute(DeleteIndex, upload.Id, index);
        }

        var named = (upload.FirstChunk is { } first && first.AsSpan().SequenceEqual(chunk)) || session.Exists(SelectSame, upload.Id, chunk);
        if (!named && ChunkLedger.RemoveReference(session, upload.Tenant, upload.Scope, chunk, upload.Id))
        {
            UsageLedger.AddUnique(session, upload.Tenant, upload.Scope, -size, -1);
        }

        upload.Received -= size;
        upload.ChunkCount--;
        if (upload.LastIndex == index)
        {
            upload.LastIndex = (int)(session.Scalar(SelectLast, upload.Id) ?? (upload.FirstChunk is null ? -1 : 0));
        }

        ReturnReserve(session, upload);
    }

    /// <summary>Gives back what an upload of unknown length reserved beyond what it holds.</summary>
    public static void ReturnReserve(CatalogSession session, UploadRow upload)
    {
        if (upload.Declared is null && upload.Reserved > upload.Received)
        {
            UsageLedger.Add(session, upload.Tenant, upload.Scope, 0, upload.Received - upload.Reserved, 0);
            upload.Reserved = upload.Received;
        }
    }

    /// <summary>Puts the side chunk where it belongs. The caller has unbound what was there, and saves the row.</summary>
    public static void MoveFromSide(CatalogSession session, UploadRow upload, int index, byte[] chunk, int size)
    {
        if (index == 0)
        {
            session.Execute(DeleteIndex, upload.Id, SideIndex);
            upload.FirstChunk = chunk;
            upload.FirstSize = size;
        }
        else
        {
            session.Execute(MoveIndex, upload.Id, SideIndex, index);
        }

        upload.LastIndex = index;
    }

    /// <summary>
    /// Lets go of all unfinished writes of an upload: those of living silos become copies to delete, those of dead ones wait
    /// for their grace period without belonging to the upload any more. The caller saves the row.
    /// </summary>
    public static void LetGoOfWrites(CatalogSession session, UploadRow upload)
    {
        LetGo(session, Writing(session, SelectWriting, upload.Id));
        upload.Pending = 0;
    }

    /// <summary>Lets go of an upload's writes of one chunk whose silo's life is over: the chunk is being placed again.</summary>
    public static void LetGoOfDeadWrites(CatalogSession session, UploadRow upload, byte[] chunk)
    {
        var dead = Writing(session, SelectWritingOf, upload.Tenant, chunk, upload.Id).FindAll(write => !SiloCatalog.IsAlive(session, write.Epoch));
        if (dead.Count > 0)
        {
            LetGo(session, dead);
            upload.Pending -= dead.Count;
            upload.SaveProgress(session);
        }
    }

    /// <summary>Are bytes of the chunk on their way in this upload?</summary>
    public static bool IsBeingWritten(CatalogSession session, UploadRow upload, byte[] chunk) =>
        session.Exists(SelectWritingOf, upload.Tenant, chunk, upload.Id);

    private static List<(LocationId Location, SiloEpoch Epoch)> Writing(CatalogSession session, Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        var found = new List<(LocationId, SiloEpoch)>();
        using var rows = session.Query(sql, values);
        while (rows.Read())
        {
            found.Add((new LocationId(rows.Long(0)), new SiloEpoch(rows.Long(1))));
        }

        return found;
    }

    private static void LetGo(CatalogSession session, List<(LocationId Location, SiloEpoch Epoch)> writes)
    {
        foreach (var (location, epoch) in writes)
        {
            if (SiloCatalog.IsAlive(session, epoch))
            {
                LocationLedger.MarkFailed(session, location);
            }
            else
            {
                session.Execute(Orphan, location);
            }
        }
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// tus: bytes are added at the end by one request at a time. Whoever claimed last is the writer: a transaction of an earlier
/// one finds its number replaced, on whichever silo it runs. Chunks lie as in any file, one of chunk_size in each slot; only
/// the last slot may hold several, each what one request brought, until they are merged (ADR 0013).
/// </summary>
public sealed partial class SessionCatalog
{
    /// <summary>Manifest rows that one transaction takes back.</summary>
    private const int TruncatePage = 64;

    /// <summary>
    /// Makes the caller the writer, and undoes what an earlier one left unfinished: chunks whose bytes never arrived, a merge
    /// that did not end, bytes of a request whose checksum was never compared.
    /// </summary>
    public async Task<WriterClaim> ClaimWriterAsync(TenantId tenant, UploadId upload, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (claim, again) = await database.WriteAsync(session => Claim(session, tenant, upload), cancellationToken);
            if (!again)
            {
                return claim;
            }
        }
    }

    /// <summary>From here on the bytes of the writer count only when <see cref="EndCheckedAsync"/> says that they are right.</summary>
    public Task<bool> BeginCheckedAsync(UploadId upload, long writer, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => OwnedBy(session, upload, writer, out var row, out var open) && SaveChecked(session, row!, open!.ChunkCount), cancellationToken);

    /// <summary>The bytes since <see cref="BeginCheckedAsync"/> have the checksum that was sent with them.</summary>
    public Task<bool> EndCheckedAsync(UploadId upload, long writer, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => OwnedBy(session, upload, writer, out var row, out _) && SaveChecked(session, row!, null), cancellationToken);

    /// <summary>Says how long an upload will be, where that was not known, and reserves the rest.</summary>
    /// <returns>Null when it is done; else the quota's refusal, or <see cref="PlaceStatus.WriterReplaced"/>.</returns>
    public Task<ChunkPlaced?> SetSizeAsync(UploadId upload, long writer, long size, CancellationToken cancellationToken) =>
        database.WriteAsync(session => SetSize(session, upload, writer, size), cancellationToken);

    /// <summary>
    /// The bytes of a chunk that was placed at <see cref="SideIndex"/> are stored: it takes the place of all chunks from an
    /// index on.
    /// </summary>
    /// <returns>False when the caller is not the writer any more.</returns>
    public Task<bool> MergeAsync(UploadId upload, long writer, int index, LocationId? written, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Merge(session, upload, writer, index, written), cancellationToken);

    /// <summary>Moves what an upload reserved, up to so many bytes, to another one, which will hold its content.</summary>
    public Task MoveReservationAsync(UploadId from, UploadId to, long most, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                if (UploadRow.Find(session, Key(from)) is { State: UploadState.Open } source && UploadRow.Find(session, Key(to)) is { State: UploadState.Open } target)
                {
                    var moved = Math.Min(source.Reserved, most);
                    target.Reserved += moved;
                    source.Reserved -= moved;
                    source.SaveProgress(session);
                    target.SaveProgress(session);
                }

                return true;
            },
            cancellationToken);

    /// <summary>The content of a session was committed by another upload: it is completed, and what it holds is let go.</summary>
    public Task<UploadAborted> CompleteElsewhereAsync(TenantId tenant, UploadId upload, NamespaceResult result, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                if (SessionRow.Find(session, Key(upload)) is not { State: SessionState.Open } row || row.Tenant != tenant)
                {
                    return UploadAborted.Nothing;
                }

                Complete(session, row.Id, result);
                return UploadCatalog.Abort(session, upload);
            },
            cancellationToken);

    /// <summary>Index under which a chunk waits that is to replace others.</summary>
    public const int SideIndex = SessionManifest.SideIndex;

    private static (WriterClaim Claim, bool Again) Claim(CatalogSession session, TenantId tenant, UploadId upload)
    {
        var row = SessionRow.Find(session, Key(upload));
        if (row is null || row.Tenant != tenant)
        {
            return (new WriterClaim(null, 0, []), false);
        }

        var open = UploadRow.Find(session, row.Id);
        if (row.StateAt(session.Now, open) != SessionState.Open)
        {
            return (new WriterClaim(row.ToInfo(open, session.Now), 0, []), false);
        }

        var writer = row.Writer + 1;
        if (Recover(session, row, open!))
        {
            open!.SaveProgress(session);
            row.SaveWriter(session, writer, row.CheckedCount);
            return (new WriterClaim(null, writer, []), true);
        }

        open!.SaveProgress(session);
        row.SaveWriter(session, writer, null);
        var clean = SessionRow.Find(session, row.Id)!.ToInfo(open, session.Now);
        return (new WriterClaim(clean, writer, Tail(session, open, row.ChunkSize)), false);
    }

    /// <summary>
    /// Steps: (1) a chunk at the side goes; (2) chunks of a request that was not checked go, a page at a time; (3) the last
    /// chunk goes when its bytes are nowhere; (4) nothing is being written any more.
    /// </summary>
    /// <returns>True when there is more to take back.</returns>
    private static bool Recover(CatalogSession session, SessionRow row, UploadRow upload)
    {
        if (ChunkPlacement.FindIndex(session, upload, SideIndex) is { } side)
        {
            SessionManifest.Unbind(session, upload, SideIndex, side.Chunk, side.Size);
        }

        var least = row.CheckedCount ?? int.MaxValue;
        for (var i = 0; i < TruncatePage && upload.LastIndex >= least; i++)
        {
            UnbindLast(session, upload);
        }

        while (upload.Pending > 0 && upload.LastIndex >= 0
            && ChunkPlacement.FindIndex(session, upload, upload.LastIndex) is { } last && !SessionManifest.IsReadable(session, upload, last.Chunk))
        {
            UnbindLast(session, upload);
        }

        if (upload.Pending > 0)
        {
            SessionManifest.LetGoOfWrites(session, upload);
        }

        return upload.LastIndex >= least;
    }

    private static void UnbindLast(CatalogSession session, UploadRow upload)
    {
        var (chunk, size) = ChunkPlacement.FindIndex(session, upload, upload.LastIndex)
            ?? throw new CatalogException($"Upload {Convert.ToHexStringLower(upload.Id)} lacks its last chunk.", isTransient: false);
        SessionManifest.Unbind(session, upload, upload.LastIndex, chunk, size);
    }

    /// <summary>The chunks of the slot that is not full, from the back of the manifest.</summary>
    private static List<SessionPart> Tail(CatalogSession session, UploadRow upload, int chunkSize)
    {
        var tail = new List<SessionPart>();
        var inSlot = upload.Received % chunkSize;
        for (var index = upload.LastIndex; inSlot > 0 && index >= 0; index--)
        {
            var (chunk, size) = ChunkPlacement.FindIndex(session, upload, index)
                ?? throw new CatalogException($"Upload {Convert.ToHexStringLower(upload.Id)} lacks chunk {index}.", isTransient: false);
            tail.Insert(0, new SessionPart(index, ChunkHash.From(chunk), size, Present: true));
            inSlot -= size;
        }

        return tail;
    }

    private static bool OwnedBy(CatalogSession session, UploadId upload, long writer, out SessionRow? row, out UploadRow? open)
    {
        row = SessionRow.Find(session, Key(upload));
        open = UploadRow.Find(session, Key(upload));
        return row is not null && row.Writer == writer && row.StateAt(session.Now, open) == SessionState.Open;
    }

    private static bool SaveChecked(CatalogSession session, SessionRow row, int? count)
    {
        row.SaveWriter(session, row.Writer, count);
        return true;
    }

    private static ChunkPlaced? SetSize(CatalogSession session, UploadId upload, long writer, long size)
    {
        if (!OwnedBy(session, upload, writer, out var row, out var open))
        {
            return ChunkPlaced.Of(PlaceStatus.WriterReplaced);
        }

        var more = size - open!.Reserved;
        if (more > 0 && UsageLedger.TryReserve(session, open.Tenant, open.Scope, more) is { } refusal)
        {
            return ChunkPlacement.Refused(refusal);
        }

        open.Reserved = size;
        open.SaveDeclared(session, size);
        row!.SaveSize(session, size);
        return null;
    }

    private static bool Merge(CatalogSession session, UploadId upload, long writer, int index, LocationId? written)
    {
        if (!OwnedBy(session, upload, writer, out _, out var open) || ChunkPlacement.FindIndex(session, open!, SideIndex) is not { } side)
        {
            return false;
        }

        if (written is { } location)
        {
            if (UploadCatalog.FindWritten(session, upload, [location]) is not { } found)
            {
                return false;
            }

            ChunkLedger.LockAll(session, open!.Tenant, found.Select(static copy => copy.Hash));
            UploadCatalog.MarkWritten(session, open, found);
        }

        for (var old = index; ChunkPlacement.FindIndex(session, open!, old) is { } replaced && old != SideIndex; old++)
        {
            SessionManifest.Unbind(session, open!, old, replaced.Chunk, replaced.Size);
        }

        SessionManifest.MoveFromSide(session, open!, index, side.Chunk, side.Size);
        open!.SaveProgress(session);
        return true;
    }
}

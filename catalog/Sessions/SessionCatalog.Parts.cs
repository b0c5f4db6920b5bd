using Granary.GrainInterfaces;

namespace Granary.Catalog;

public sealed partial class SessionCatalog
{
    /// <summary>A page of a session's parts from an index on, each with whether its bytes are there.</summary>
    public Task<IReadOnlyList<SessionPart>> ReadPartsAsync(TenantId tenant, UploadId upload, int from, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<SessionPart>>(
            session => UploadRow.Find(session, Key(upload)) is { } row && row.Tenant == tenant ? SessionManifest.Read(session, row, from, count) : [],
            cancellationToken);

    /// <summary>
    /// Binds what this scope references already, or this session has stored, to the indexes of an open session, and says
    /// what has to be sent. One transaction; ask for some hundreds at a time.
    /// </summary>
    public Task<ProbeResult> ProbeAsync(TenantId tenant, ScopeId scope, UploadId upload, IReadOnlyList<ProbedPart> parts, SiloEpoch epoch, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Probe(session, tenant, scope, upload, parts, epoch), cancellationToken);

    /// <summary>
    /// All parts of an open session were seen to be there: whatever writes of it are under way are not needed, and are let
    /// go, so that it can be committed.
    /// </summary>
    public Task SettleAsync(UploadId upload, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                if (UploadRow.Find(session, Key(upload)) is { State: UploadState.Open, Pending: > 0 } row)
                {
                    SessionManifest.LetGoOfWrites(session, row);
                    row.SaveProgress(session);
                }

                return true;
            },
            cancellationToken);

    /// <summary>Takes a part out whose bytes are nowhere and are not on their way.</summary>
    internal static void UnbindIfAbsent(CatalogSession session, UploadRow upload, int index, byte[] chunk, int size)
    {
        if (ChunkPlacement.FindIndex(session, upload, index) is { } bound && bound.Chunk.AsSpan().SequenceEqual(chunk)
            && !SessionManifest.IsReadable(session, upload, chunk) && !SessionManifest.IsBeingWritten(session, upload, chunk))
        {
            SessionManifest.Unbind(session, upload, index, chunk, size);
        }
    }

    /// <summary>
    /// What a session demands of a part before it is placed; null when it may be. A direct upload demands nothing.
    /// </summary>
    internal static ChunkPlaced? Refuse(CatalogSession session, PlaceChunk chunk, UploadRow upload)
    {
        if (upload.Epoch is not null || SessionRow.Find(session, upload.Id) is not { } row)
        {
            return null;
        }

        if (row.StateAt(session.Now, upload) != SessionState.Open)
        {
            return ChunkPlaced.Of(row.StateAt(session.Now, upload) == SessionState.Expired ? PlaceStatus.Expired : PlaceStatus.UploadGone);
        }

        if (chunk.Append is { } append)
        {
            return append.Writer == row.Writer ? null : ChunkPlaced.Of(PlaceStatus.WriterReplaced);
        }

        SessionManifest.LetGoOfDeadWrites(session, upload, chunk.Hash.ToByteArray());
        return row.Size is null && row.Kind == SessionKind.Parts ? RefuseMisfit(session, chunk, upload, row) : null;
    }

    /// <summary>Of an upload of unknown length only the last part may be shorter than the others.</summary>
    private static ChunkPlaced? RefuseMisfit(CatalogSession session, PlaceChunk chunk, UploadRow upload, SessionRow row)
    {
        if (chunk.Index > row.ShortIndex || (chunk.Size < row.ChunkSize && chunk.Index < upload.LastIndex))
        {
            return ChunkPlaced.Of(PlaceStatus.Misfit);
        }

        if (chunk.Size < row.ChunkSize && row.ShortIndex is null)
        {
            row.SaveShortIndex(session, chunk.Index);
        }

        return null;
    }

    private static ProbeResult Probe(
        CatalogSession session, TenantId tenant, ScopeId scope, UploadId upload, IReadOnlyList<ProbedPart> parts, SiloEpoch epoch)
    {
        var missing = new List<int>();
        var row = SessionRow.Find(session, Key(upload));
        var open = UploadRow.FindOpen(session, Key(upload), tenant, scope);
        if (row is null || row.StateAt(session.Now, open) != SessionState.Open)
        {
            return new ProbeResult(ChunkPlaced.Of(PlaceStatus.UploadGone), missing);
        }

        var info = row.ToInfo(open, session.Now);
        foreach (var part in parts)
        {
            var hash = part.Hash.ToByteArray();
            var size = ChunkLedger.LockSize(session, tenant, hash);
            var fits = size is not null && (info.SizeOf(part.Index) is { } expected ? size == expected : size <= info.ChunkSize);
            if (!fits || ChunkLedger.ScopeRefs(session, tenant, scope, hash) == 0 || !SessionManifest.IsReliable(session, open!, hash))
            {
                missing.Add(part.Index);
                continue;
            }

            var placed = UploadCatalog.PlaceOpen(
                session,
                new PlaceChunk
                {
                    Tenant = tenant,
                    Scope = scope,
                    Upload = upload,
                    Index = part.Index,
                    Hash = part.Hash,
                    Size = (int)size!.Value,
                    Reserve = info.Size is null ? size.Value : 0,
                    Candidates = [],
                    Epoch = epoch,
                },
                open!);
            if (placed.Status is PlaceStatus.ScopeQuotaExceeded or PlaceStatus.TenantQuotaExceeded)
            {
                return new ProbeResult(placed, missing);
            }

            if (placed.Status != PlaceStatus.Present)
            {
                missing.Add(part.Index);
            }
        }

        return new ProbeResult(null, missing);
    }
}

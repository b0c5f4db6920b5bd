using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Uploads from their first byte to the commit (which is the namespace's). Rows decide: an upload whose silo's life is over
/// can place nothing, report nothing and commit nothing.
/// </summary>
public sealed class UploadCatalog(CatalogDatabase database)
{
    // Of two uploads that begin with the same chunk, the second must see what the first one did.
    private readonly GatheredWork<BeginUpload, UploadBegun> _begins = new(
        begins => database.WriteAsync(session => BeginAll(session, begins), CancellationToken.None),
        static begin => begin.FirstChunk is { } chunk ? (chunk.Tenant, chunk.Hash) : null);

    private static readonly Sql SelectScopeState = new("SELECT state FROM scope WHERE id = ?1 AND tenant = ?2 /*share*/");

    /// <summary>Starts an upload, reserving its declared length, and places its first chunk where one is sent along.</summary>
    public Task<UploadBegun> BeginAsync(BeginUpload begin, CancellationToken cancellationToken) =>
        database.SharesTransactions
            ? database.WriteAsync(session => Begin(session, begin), cancellationToken)
            : _begins.RunAsync(begin, cancellationToken);

    /// <summary>Says where a chunk is to be written, or that it is there already.</summary>
    public Task<ChunkPlaced> PlaceChunkAsync(PlaceChunk chunk, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Place(session, chunk), cancellationToken);

    /// <summary>
    /// The write to a location did not succeed: it is to be deleted, and the chunk is placed again. Candidates come without
    /// the store that failed. When the answer is NeedsSpace nothing was recorded, and the call is repeated.
    /// </summary>
    public Task<ChunkPlaced> ReplaceChunkAsync(PlaceChunk chunk, LocationId failed, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Replace(session, chunk, failed), cancellationToken);

    /// <summary>The stores accepted the bytes of these copies. Repeating a report is harmless.</summary>
    /// <returns>False when the upload is gone or the silo's life is over; then the bytes are not counted on.</returns>
    public Task<bool> ChunksWrittenAsync(UploadId upload, LocationId[] locations, CancellationToken cancellationToken) =>
        database.WriteAsync(session => ChunksWritten(session, upload, locations), cancellationToken);

    /// <summary>
    /// Ends an upload without a version: its reservation is given back at once, its references by the background. Repeating
    /// it, or aborting what was committed, does nothing. The caller must have stopped writing.
    /// </summary>
    public Task<UploadAborted> AbortAsync(UploadId upload, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Abort(session, upload), cancellationToken);

    // What they read is read at once, in the order of locks.
    private static UploadBegun[] BeginAll(CatalogSession session, IReadOnlyList<BeginUpload> begins)
    {
        foreach (var (tenant, scope, epoch) in begins.Select(static begin => (begin.Tenant, begin.Scope, begin.Epoch)).Distinct().OrderBy(static begin => begin.Scope.Value))
        {
            session.Expect(SelectScopeState, scope, tenant);
            UsageLedger.ExpectReserve(session, tenant, scope);
            if (epoch is { } own)
            {
                SiloCatalog.ExpectAlive(session, own);
            }
        }

        var chunks = begins.Select(static begin => begin.FirstChunk).OfType<PlaceChunk>().ToList();
        foreach (var chunk in chunks.OrderBy(static chunk => chunk.Tenant.Value).ThenBy(static chunk => chunk.Hash.ToByteArray(), ByteOrder.Instance))
        {
            ChunkLedger.ExpectLock(session, chunk.Tenant, chunk.Hash.ToByteArray());
        }

        chunks.ForEach(chunk => LocationLedger.ExpectAttached(session, chunk.Scope, chunk.Epoch));
        return [.. begins.Select(begin => Begin(session, begin))];
    }

    internal static UploadBegun Begin(CatalogSession session, BeginUpload begin)
    {
        if (!IsActive(session, begin.Tenant, begin.Scope))
        {
            return new UploadBegun { Status = UploadStatus.ScopeGone };
        }

        if (begin.Epoch is { } epoch && !SiloCatalog.IsAlive(session, epoch))
        {
            return new UploadBegun { Status = UploadStatus.EpochDead };
        }

        if (UsageLedger.TryReserve(session, begin.Tenant, begin.Scope, begin.Size ?? 0) is { } refusal)
        {
            return new UploadBegun
            {
                Status = refusal.IsTenant ? UploadStatus.TenantQuotaExceeded : UploadStatus.ScopeQuotaExceeded,
                Limit = refusal.Limit,
                Used = refusal.Used,
            };
        }

        var row = new UploadRow
        {
            Id = begin.Upload.Value.ToByteArray(bigEndian: true),
            Tenant = begin.Tenant,
            Scope = begin.Scope,
            Epoch = begin.Epoch,
            Declared = begin.Size,
            Reserved = begin.Size ?? 0,
        };
        var first = begin.FirstChunk is { } chunk
            ? chunk.Epoch == begin.Epoch || SiloCatalog.IsAlive(session, chunk.Epoch)
                ? ChunkPlacement.Place(session, chunk, row)
                : ChunkPlaced.Of(PlaceStatus.EpochDead)
            : null;
        row.Insert(session, begin.Path);
        return new UploadBegun { Status = UploadStatus.Ok, First = first };
    }

    private static bool IsActive(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        using var rows = session.QueryOnce(SelectScopeState, scope, tenant);
        return rows.Read() && rows.Long(0) == (long)ScopeState.Active;
    }

    internal static ChunkPlaced Place(CatalogSession session, PlaceChunk chunk)
    {
        var refused = FindOpen(session, chunk, out var row);
        if (refused is not null)
        {
            return refused;
        }

        return SessionCatalog.Refuse(session, chunk, row!) ?? PlaceOpen(session, chunk, row!);
    }

    /// <summary>Places a chunk of an upload that is open and may take it.</summary>
    internal static ChunkPlaced PlaceOpen(CatalogSession session, PlaceChunk chunk, UploadRow row)
    {
        if (chunk.Append is { } append && row.Received != append.Offset)
        {
            return ChunkPlaced.Of(PlaceStatus.WriterReplaced);
        }

        var placed = ChunkPlacement.Place(session, chunk, row);
        if (placed.Status is PlaceStatus.Write or PlaceStatus.Present)
        {
            row.SaveProgress(session);
        }

        return placed;
    }

    internal static ChunkPlaced Replace(CatalogSession session, PlaceChunk chunk, LocationId failed)
    {
        var refused = FindOpen(session, chunk, out var row);
        if (refused is not null)
        {
            return refused;
        }

        var location = LocationLedger.Find(session, failed);
        var placed = SessionCatalog.Refuse(session, chunk, row!) ?? ChunkPlacement.Place(session, chunk, row!);
        if (placed.Status == PlaceStatus.NeedsSpace)
        {
            return placed;
        }

        if (location is { State: LocationState.Writing } && location.Upload == chunk.Upload)
        {
            LocationLedger.MarkFailed(session, failed);
            row!.Pending--;
        }

        if (row!.Epoch is null && placed.Status is not (PlaceStatus.Write or PlaceStatus.Present))
        {
            // A direct upload is aborted now; a session goes on, and must not keep a part without bytes.
            SessionCatalog.UnbindIfAbsent(session, row, chunk.Index, chunk.Hash.ToByteArray(), chunk.Size);
        }

        row.SaveProgress(session);
        return placed;
    }

    internal static bool ChunksWritten(CatalogSession session, UploadId upload, LocationId[] locations)
    {
        var row = UploadRow.Find(session, upload.Value.ToByteArray(bigEndian: true));
        if (row is not { State: UploadState.Open } || FindWritten(session, upload, locations) is not { } written)
        {
            return false;
        }

        ChunkLedger.LockAll(session, row.Tenant, written.Select(static location => location.Hash));
        MarkWritten(session, row, written);
        row.SaveProgress(session);
        return true;
    }

    /// <summary>The copies that a report of an open upload makes stored; null when it is not to be believed.</summary>
    internal static List<LocationRow>? FindWritten(CatalogSession session, UploadId upload, IReadOnlyList<LocationId> locations)
    {
        var written = new List<LocationRow>(locations.Count);
        SiloEpoch? alive = null;
        foreach (var id in locations)
        {
            if (LocationLedger.Find(session, id) is not { } location)
            {
                return null;
            }

            if (location is { State: LocationState.Writing, Upload: null })
            {
                // The upload let go of this write when its silo's life was over.
                return null;
            }

            if (location.Upload is null || (locations.Count > 1 && written.Exists(other => other.Id == id)))
            {
                // Settled by an earlier report of the same write, or named twice.
                continue;
            }

            if (location.State != LocationState.Writing || location.Upload != upload)
            {
                return null;
            }

            if (location.Epoch != alive && !SiloCatalog.IsAlive(session, location.Epoch!.Value))
            {
                return null;
            }

            alive = location.Epoch;
            written.Add(location);
        }

        return written;
    }

    /// <summary>Makes copies stored whose chunks are locked. The row is changed in memory.</summary>
    internal static void MarkWritten(CatalogSession session, UploadRow row, List<LocationRow> written)
    {
        foreach (var location in written)
        {
            LocationLedger.MarkWritten(session, location);
        }

        row.Pending -= written.Count;
    }

    internal static UploadAborted Abort(CatalogSession session, UploadId upload) =>
        UploadRow.Find(session, upload.Value.ToByteArray(bigEndian: true)) is { State: UploadState.Open } row
            ? new UploadAborted(true, row.Tenant, [.. row.Abort(session)])
            : UploadAborted.Nothing;

    private static ChunkPlaced? FindOpen(CatalogSession session, PlaceChunk chunk, out UploadRow? row)
    {
        row = UploadRow.FindOpen(session, chunk.Upload.Value.ToByteArray(bigEndian: true), chunk.Tenant, chunk.Scope);
        if (row is null)
        {
            return ChunkPlaced.Of(PlaceStatus.UploadGone);
        }

        var ownEpochAlive = row.Epoch is not { } epoch || epoch == chunk.Epoch || SiloCatalog.IsAlive(session, epoch);
        return ownEpochAlive && SiloCatalog.IsAlive(session, chunk.Epoch) ? null : ChunkPlaced.Of(PlaceStatus.EpochDead);
    }
}

/// <summary>Answer to an abort.</summary>
/// <param name="Aborted">The upload was open and is aborted now; its references wait for the background.</param>
/// <param name="Tenant">Its tenant, whose maintenance has work.</param>
/// <param name="Stores">Stores that have copies to delete now.</param>
public sealed record UploadAborted(bool Aborted, TenantId Tenant, StoreId[] Stores)
{
    /// <summary>There was no open upload.</summary>
    public static UploadAborted Nothing { get; } = new(false, default, []);
}

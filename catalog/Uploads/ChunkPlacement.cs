using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The transaction that places one chunk of an open upload (design, Writing 1 to 3 and 7).
/// </summary>
/// <remarks>
/// 1. What the index holds already must be the same chunk.
/// 2. Lock the chunk; its length must fit.
/// 3. A stored copy that this scope can read is a hit.
/// 4. Otherwise the first candidate that is still attached for writing pays with its block; too little is told, and nothing
///    was recorded: going on to the next candidate would break the order of priorities (D2).
/// 5. Unknown lengths reserve their bytes here.
/// 6. Only now: manifest, reference and counts, location, progress.
/// </remarks>
internal static class ChunkPlacement
{
    private static readonly Sql SelectManifest = new("SELECT chunk, size FROM manifest_chunk WHERE upload = ?1 AND idx = ?2");

    private static readonly Sql InsertManifest = new("INSERT INTO manifest_chunk (upload, idx, chunk, size) VALUES (?1, ?2, ?3, ?4)");

    /// <summary>Places a chunk. The row is changed in memory; the caller writes it when the status is Write or Present.</summary>
    public static ChunkPlaced Place(CatalogSession session, PlaceChunk chunk, UploadRow upload)
    {
        var hash = chunk.Hash.ToByteArray();
        var known = FindIndex(session, upload, chunk.Index);
        if (known is { } entry && (entry.Size != chunk.Size || !entry.Chunk.AsSpan().SequenceEqual(hash)))
        {
            return ChunkPlaced.Of(PlaceStatus.IndexTaken);
        }

        var size = ChunkLedger.LockSize(session, chunk.Tenant, hash);
        if (size is not null && size != chunk.Size)
        {
            return ChunkPlaced.Of(PlaceStatus.SizeMismatch);
        }

        var references = CountReferences(session, chunk, upload, hash, size is not null);
        var attached = LocationLedger.Attached(session, chunk.Scope, chunk.Epoch);
        var copy = size is null ? null : LocationLedger.FindReadable(session, chunk.Tenant, hash, attached, chunk.Unusable);
        var target = copy is null ? LocationLedger.ChooseStore(attached, chunk.Candidates) : null;
        if (copy is null && target is null)
        {
            return ChunkPlaced.Of(PlaceStatus.NoStore);
        }

        if (target is not null && target.Available < chunk.Size)
        {
            return new ChunkPlaced { Status = PlaceStatus.NeedsSpace, NeedsSpace = target.Store, NeededBytes = chunk.Size };
        }

        if (UsageLedger.TryReserve(session, chunk.Tenant, chunk.Scope, known is null ? chunk.Reserve : 0) is { } refusal)
        {
            return Refused(refusal);
        }

        if (known is null)
        {
            Record(session, chunk, upload, hash, references, size is not null);
        }

        return Answer(session, chunk, upload, hash, copy, target?.Store ?? copy!.Value.Store, references.ScopeHadIt);
    }

    private static void Record(CatalogSession session, PlaceChunk chunk, UploadRow upload, byte[] hash, References references, bool chunkExists)
    {
        if (chunk.Index == 0)
        {
            upload.FirstChunk = hash;
            upload.FirstSize = chunk.Size;
        }
        else
        {
            session.Post(InsertManifest, upload.Id, chunk.Index, hash, chunk.Size);
        }

        if (!references.Own)
        {
            ChunkLedger.AddReference(session, chunk.Tenant, chunk.Scope, hash, chunk.Size, upload.Id, chunkExists, references.ScopeHasIt);
        }

        upload.Received += chunk.Size;
        upload.Reserved += chunk.Reserve;
        upload.ChunkCount++;
        upload.LastIndex = Math.Max(upload.LastIndex, chunk.Index);
        upload.Deduplicated += references.ScopeHadIt ? 1 : 0;
    }

    private static ChunkPlaced Answer(
        CatalogSession session, PlaceChunk chunk, UploadRow upload, byte[] hash, (LocationId Location, StoreId Store)? copy, StoreId store, bool knownToScope)
    {
        if (copy is { } present)
        {
            return new ChunkPlaced { Status = PlaceStatus.Present, Location = present.Location, Store = present.Store, KnownToScope = knownToScope };
        }

        upload.Pending++;
        var location = LocationLedger.Insert(session, chunk.Tenant, hash, store, chunk.Size, chunk.Epoch, upload.Id);
        return new ChunkPlaced { Status = PlaceStatus.Write, Location = location, Store = store, KnownToScope = knownToScope };
    }

    public static ChunkPlaced Refused(QuotaRefusal refusal) => new()
    {
        Status = refusal.IsTenant ? PlaceStatus.TenantQuotaExceeded : PlaceStatus.ScopeQuotaExceeded,
        Limit = refusal.Limit,
        Used = refusal.Used,
    };

    private static References CountReferences(CatalogSession session, PlaceChunk chunk, UploadRow upload, byte[] hash, bool chunkExists)
    {
        if (!chunkExists)
        {
            return default;
        }

        // An upload that has placed nothing yet references nothing.
        var own = upload.ChunkCount > 0 && ChunkLedger.IsReferenced(session, chunk.Tenant, hash, upload.Id);
        var inScope = ChunkLedger.ScopeRefs(session, chunk.Tenant, chunk.Scope, hash);
        return new References(own, inScope > 0, inScope > (own ? 1 : 0));
    }

    /// <summary>What an index of the manifest holds; null when it is free.</summary>
    public static (byte[] Chunk, int Size)? FindIndex(CatalogSession session, UploadRow upload, int index)
    {
        if (index > upload.LastIndex)
        {
            return null;
        }

        if (index == 0)
        {
            return upload.FirstChunk is { } first ? (first, upload.FirstSize) : null;
        }

        using var rows = session.Query(SelectManifest, upload.Id, index);
        return rows.Read() ? (rows.Span(0).ToArray(), rows.Int(1)) : null;
    }

    /// <param name="Own">This upload references the chunk.</param>
    /// <param name="ScopeHasIt">The scope references it, this upload included.</param>
    /// <param name="ScopeHadIt">The scope references it without this upload.</param>
    private readonly record struct References(bool Own, bool ScopeHasIt, bool ScopeHadIt);
}

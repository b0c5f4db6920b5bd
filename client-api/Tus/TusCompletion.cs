using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Uploads;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Tus;

/// <summary>
/// Makes files of tus uploads that have all their bytes. A file's chunks have one size; where those of an upload do not (a
/// request with a checksum crossed them, or the upload was put together of several), they are cut anew into another upload.
/// </summary>
internal sealed class TusCompletion(
    SessionCatalog sessions,
    SessionAccess access,
    UploadComplete complete,
    UploadCatalog uploads,
    UploadEnd end,
    NamespaceCatalog names,
    ChunkPlacer placer,
    ChunkReader reader,
    ChunkBufferPool buffers,
    ISiloContext silo,
    TimeProvider time)
{
    private const int PageSize = 64;

    /// <summary>Makes the file of one upload.</summary>
    /// <returns>The refusal; null when it is made.</returns>
    public async Task<Problem?> CompleteAsync(ApiCall call, SessionInfo session, UploadTarget target)
    {
        var answer = await complete.CompleteAsync(session, target, new CompleteSession { By = call.Caller.Name }, CancellationToken.None);
        return answer.Status switch
        {
            CompletionStatus.Uneven => await RecutAsync(call, session, target),

            // A tus client cannot send bytes again that were taken: what cannot be read now may be read later.
            CompletionStatus.Missing => Problem.Unavailable("Some bytes that were taken cannot be read now."),
            _ => UploadComplete.Problem(answer),
        };
    }

    /// <summary>
    /// Puts a final upload together of its parts and makes its file. Steps: (1) what the parts reserved becomes the final
    /// one's; (2) place or cut every chunk; (3) commit; (4) the parts end. What fails leaves the parts as they were, and can be
    /// asked for again.
    /// </summary>
    public async Task<Problem?> ConcatenateAsync(ApiCall call, OpenSession final, IReadOnlyList<SessionInfo> parts)
    {
        var session = final.Session;
        var target = access.Target(call, final);
        foreach (var part in parts)
            await sessions.MoveReservationAsync(part.Upload, session.Upload, part.Received, CancellationToken.None);
        var refused = await CutAsync(target, session.ChunkSize, [.. parts.Select(static part => part.Upload)])
            ?? await CompleteAsync(call, session, target);
        if (refused is not null)
        {
            foreach (var part in parts)
                await sessions.MoveReservationAsync(session.Upload, part.Upload, part.Received, CancellationToken.None);
            return refused;
        }

        foreach (var part in parts)
            await access.EndAsync(part, SessionState.Aborted);
        return null;
    }

    /// <summary>Copies bytes of a chunk into another one.</summary>
    public static async Task CopyAsync(ChunkBuffer from, ChunkBuffer into, int skip, int count)
    {
        foreach (var piece in from.Pieces)
        {
            var rest = piece[Math.Min(skip, piece.Length)..];
            skip = Math.Max(0, skip - piece.Length);
            rest = rest[..Math.Min(rest.Length, count)];
            count -= rest.Length;
            while (rest.Length > 0)
            {
                var room = await into.GetMemoryAsync(CancellationToken.None);
                var some = Math.Min(room.Length, rest.Length);
                rest[..some].CopyTo(room);
                into.Advance(some);
                rest = rest[some..];
            }
        }
    }

    /// <summary>
    /// The upload's chunks lie unevenly: they go into another upload, whose commit carries a key that belongs to the session,
    /// so that doing it again after a crash makes one version.
    /// </summary>
    private async Task<Problem?> RecutAsync(ApiCall call, SessionInfo session, UploadTarget target)
    {
        var cut = new UploadTarget
        {
            Tenant = target.Tenant,
            Scope = target.Scope,
            Upload = new UploadId(Guid.CreateVersion7(time.GetUtcNow())),
            Path = target.Path,
            Stores = target.Stores,
            TenantText = target.TenantText,
        };
        var begun = await uploads.BeginAsync(
            new BeginUpload { Tenant = cut.Tenant, Scope = cut.Scope, Upload = cut.Upload, Path = cut.Path, Epoch = silo.Epoch }, CancellationToken.None);
        if (begun.Status != UploadStatus.Ok)
            return UploadRefusals.Of(begun);
        await sessions.MoveReservationAsync(session.Upload, cut.Upload, session.Received, CancellationToken.None);
        var done = false;
        try
        {
            if (await CutAsync(cut, session.ChunkSize, [session.Upload]) is { } refused)
                return refused;
            var result = await end.CommitAsync(cut.Tenant, cut.Scope, await CommitAsync(call, session, cut));
            done = result.Status == NamespaceStatus.Done;
            if (done)
                await end.WakeForAsync(await sessions.CompleteElsewhereAsync(session.Tenant, session.Upload, result, CancellationToken.None));
            return UploadRefusals.Of(result);
        }
        finally
        {
            if (!done)
            {
                await sessions.MoveReservationAsync(cut.Upload, session.Upload, session.Received, CancellationToken.None);
                await end.AbortAsync(cut);
            }
        }
    }

    private async Task<CommitUpload> CommitAsync(ApiCall call, SessionInfo session, UploadTarget cut)
    {
        var hashes = new List<ChunkHash>();
        IReadOnlyList<SessionPart> page;
        do
        {
            page = await sessions.ReadPartsAsync(cut.Tenant, cut.Upload, hashes.Count, PageSize, CancellationToken.None);
            hashes.AddRange(page.Select(static part => part.Hash));
        }
        while (page.Count == PageSize);
        return new CommitUpload
        {
            Operation = new OperationKey($"tus-{session.Upload}", "cut"),
            By = call.Caller.Name,
            Upload = cut.Upload,
            Path = cut.Path,
            Size = session.Received,
            ChunkCount = hashes.Count,
            Etag = ContentTag.Of(hashes),
            Sha256 = hashes.Count == 1 ? hashes[0] : null,
            ContentType = session.ContentType,
        };
    }

    /// <summary>
    /// Places the content of some uploads one behind the other: a whole chunk at a place where one begins by reference, all
    /// else by copying its bytes into chunks of the right size. Doing it again places the same.
    /// </summary>
    private async Task<Problem?> CutAsync(UploadTarget target, int chunkSize, IReadOnlyList<UploadId> sources)
    {
        var source = new ReadSource(target.Tenant, target.TenantText, target.Stores);
        using var account = buffers.Open(target.TenantText, BufferUse.Internal);
        var index = 0;
        ChunkBuffer? open = null;
        try
        {
            await foreach (var chunk in ChunksAsync(target.Tenant, sources))
            {
                if (open is null && chunk.Size == chunkSize)
                {
                    if (await PlaceAsync(target, index++, chunk.Hash, chunk.Size, async () => await ReadAsync(source, chunk, account), mine: true) is { } refused)
                        return refused;
                    continue;
                }

                using var read = await ReadAsync(source, chunk, account);
                for (var taken = 0; taken < read.Length;)
                {
                    open ??= account.Begin(chunkSize);
                    var count = Math.Min(read.Length - taken, chunkSize - open.Length);
                    await CopyAsync(read, open, taken, count);
                    taken += count;
                    if (open.Length == chunkSize)
                    {
                        if (await PlaceAsync(target, index++, open) is { } refused)
                            return refused;
                        open.Dispose();
                        open = null;
                    }
                }
            }

            return open is null ? null : await PlaceAsync(target, index, open);
        }
        catch (ProblemException refused)
        {
            return refused.Problem;
        }
        finally
        {
            open?.Dispose();
        }
    }

    private async IAsyncEnumerable<ChunkWithCopies> ChunksAsync(TenantId tenant, IReadOnlyList<UploadId> sources)
    {
        foreach (var upload in sources)
        {
            var next = 0;
            IReadOnlyList<ChunkWithCopies> page;
            do
            {
                page = await names.ReadChunksAsync(tenant, upload, next, PageSize, CancellationToken.None);
                foreach (var chunk in page)
                    yield return chunk;
                next += page.Count;
            }
            while (page.Count == PageSize);
        }
    }

    private async Task<ChunkBuffer> ReadAsync(ReadSource source, ChunkWithCopies chunk, BufferAccount account) =>
        await reader.ReadAsync(source, chunk, account, CancellationToken.None)
        ?? throw new ProblemException(Problem.Unavailable("A part of the upload cannot be read back now."));

    private async Task<Problem?> PlaceAsync(UploadTarget target, int index, ChunkBuffer sealable)
    {
        sealable.Seal();
        return await PlaceAsync(target, index, sealable.Hash, sealable.Length, () => Task.FromResult(sealable), mine: false);
    }

    private async Task<Problem?> PlaceAsync(UploadTarget target, int index, ChunkHash hash, int size, Func<Task<ChunkBuffer>> read, bool mine)
    {
        ChunkBuffer? content = null;
        var ask = new PlaceChunk
        {
            Tenant = target.Tenant,
            Scope = target.Scope,
            Upload = target.Upload,
            Index = index,
            Hash = hash,
            Size = size,
            Candidates = target.Stores.WriteCandidates(),
            Unusable = target.Stores.Unusable(),
            Epoch = silo.Epoch,
        };
        try
        {
            var outcome = await placer.StoreAsync(target, ask, placed: null, async (store, key) =>
            {
                content ??= await read();
                await store.PutAsync(key, content, CancellationToken.None);
            });
            if (outcome.Problem is null && outcome.Written is { } written && !await uploads.ChunksWrittenAsync(target.Upload, [written], CancellationToken.None))
                return Problem.Unavailable("The upload was ended by the server; ask again.");
            return outcome.Problem;
        }
        finally
        {
            if (mine)
                content?.Dispose();
        }
    }
}

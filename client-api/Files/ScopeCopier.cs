using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary>
/// Copies a file into another scope of the tenant: an upload there, whose chunks are those of the source. Where the target can
/// read a copy only a reference is placed, else the bytes are read, checked and written to the target's own store (D20).
/// </summary>
internal sealed class ScopeCopier(
    NamespaceCatalog names,
    UploadCatalog uploads,
    ChunkPlacer placer,
    ChunkReader reader,
    UploadEnd end,
    StoredAnswers answers,
    ChunkBufferPool buffers,
    IStoreDirectory directory,
    ISiloContext silo,
    TimeProvider time)
{
    private const int PageSize = 64;

    /// <summary>
    /// Steps: (1) the target scope, and the same answer for a repeat; (2) the source's version; (3) begin an upload in the
    /// target, which reserves its quota; (4) place every chunk; (5) commit. Whatever fails after (3) aborts the upload.
    /// </summary>
    public async Task<IResult> CopyAsync(ApiCall call, ScopeInfo from, string toScope, CopyFile copy)
    {
        var (to, missing) = await call.FindScopeAsync(toScope);
        if (to is null)
            return missing!;
        if (!call.Caller.Has(Rights.Read))
            return new Problem(ProblemKinds.Forbidden, "The credential lacks the right read.");
        if (copy.Operation is not null && await answers.FindAsync(call.TenantId, copy.Operation) is { } stored)
            return stored.Problem ?? WrittenResult.Of(call.Http, copy.To, stored.Result!, StatusCodes.Status201Created);
        var found = await names.FindAsync(call.TenantId, from.Id, copy.From, version: null, call.Aborted);
        if (found.File is not { Deleted: false } file)
            return Problem.NotFound("There is no such file.");
        await call.EnsureTopologyAsync(found.TopologyVersion);

        var target = Target(call, to, copy.To);
        var begun = await uploads.BeginAsync(
            new BeginUpload
            {
                Tenant = call.TenantId,
                Scope = to.Id,
                Upload = target.Upload,
                Path = copy.To,
                Size = file.Size,
                Epoch = silo.Epoch,
            },
            CancellationToken.None);
        if (begun.Status != UploadStatus.Ok)
            return UploadRefusals.Of(begun);
        var committed = false;
        try
        {
            if (await PlaceAllAsync(call, from, file, target) is { } refused)
                return refused;
            var result = await end.CommitAsync(call.TenantId, to.Id, Commit(call, copy, file, target));
            committed = result is { Status: NamespaceStatus.Done, Replayed: false };
            return UploadRefusals.Of(result) ?? WrittenResult.Of(call.Http, copy.To, result, StatusCodes.Status201Created);
        }
        finally
        {
            if (!committed)
                await end.AbortAsync(target);
        }
    }

    private async Task<Problem?> PlaceAllAsync(ApiCall call, ScopeInfo from, FileVersionInfo file, UploadTarget target)
    {
        var source = new ReadSource(call.TenantId, target.TenantText, new ScopeStores(call.Topology, from.Id, directory));
        using var account = buffers.Open(target.TenantText, BufferUse.Internal);
        for (var index = 0; index < file.ChunkCount; index += PageSize)
        {
            var page = await names.ReadChunksAsync(call.TenantId, file.Manifest, index, PageSize, call.Aborted);
            if (page.Count != Math.Min(PageSize, file.ChunkCount - index))
                return Problem.NotFound("The file went away while it was copied.");
            foreach (var chunk in page)
            {
                call.Aborted.ThrowIfCancellationRequested();
                if (await PlaceAsync(source, chunk, target, account) is { } refused)
                    return refused;
            }
        }

        return null;
    }

    private async Task<Problem?> PlaceAsync(ReadSource source, ChunkWithCopies chunk, UploadTarget target, BufferAccount account)
    {
        var ask = new PlaceChunk
        {
            Tenant = target.Tenant,
            Scope = target.Scope,
            Upload = target.Upload,
            Index = chunk.Index,
            Hash = chunk.Hash,
            Size = chunk.Size,
            Candidates = target.Stores.WriteCandidates(),
            Unusable = target.Stores.Unusable(),
            Epoch = silo.Epoch,
        };
        ChunkBuffer? content = null;
        try
        {
            var outcome = await placer.StoreAsync(target, ask, placed: null, async (store, key) =>
            {
                content ??= await reader.ReadAsync(source, chunk, account, CancellationToken.None)
                    ?? throw new ProblemException(Problem.Unavailable("The content is not in any store that can be read now."));
                await store.PutAsync(key, content, CancellationToken.None);
            });
            if (outcome.Written is { } written && !await uploads.ChunksWrittenAsync(target.Upload, [written], CancellationToken.None))
                return Problem.Unavailable("The copy was ended by the server; ask again.");
            return outcome.Problem;
        }
        catch (ProblemException refused)
        {
            return refused.Problem;
        }
        finally
        {
            content?.Dispose();
        }
    }

    private static CommitUpload Commit(ApiCall call, CopyFile copy, FileVersionInfo file, UploadTarget target) => new()
    {
        Operation = copy.Operation,
        By = call.Caller.Name,
        Preconditions = copy.Preconditions,
        Upload = target.Upload,
        Path = copy.To,
        Size = file.Size,
        ChunkCount = file.ChunkCount,
        Etag = file.Etag,
        Sha256 = file.Sha256,
        ContentType = file.ContentType,
        Modified = file.Modified,
    };

    private UploadTarget Target(ApiCall call, ScopeInfo to, FilePath path) => new()
    {
        Tenant = call.TenantId,
        Scope = to.Id,
        Upload = new UploadId(Guid.CreateVersion7(time.GetUtcNow())),
        Path = path,
        Stores = new ScopeStores(call.Topology, to.Id, directory),
        TenantText = call.TenantId.ToString(),
    };
}

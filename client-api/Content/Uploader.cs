using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Content;

/// <summary>
/// Takes the body of a PUT in. A file of one chunk costs two group commits: its row, reference and place in one, its bytes'
/// acceptance and its version in the other. A larger one runs through an <see cref="UploadPipeline"/>.
/// </summary>
internal sealed class Uploader(
    UploadCatalog uploads,
    ChunkPlacer placer,
    ChunkClaims claims,
    UploadEnd end,
    ChunkBufferPool buffers,
    IStoreDirectory directory,
    IdleWatch idle,
    ApiMetrics metrics,
    ISiloContext silo,
    IOptions<ClientApiOptions> options,
    TimeProvider time)
{
    /// <summary>Chunks up to this size are hashed on the thread that received them: handing over costs more.</summary>
    private const int HashInline = 64 << 10;

    private readonly ClientApiOptions _options = options.Value;

    /// <summary>
    /// Steps: (1) refuse what cannot end well before a byte is read; (2) receive the first chunk; (3) one chunk or none:
    /// store it and commit; (4) else run the pipeline, then commit; (5) on every refusal and fault abort.
    /// </summary>
    /// <returns>The committed version, or the refusal.</returns>
    public async Task<(NamespaceResult? Result, Problem? Problem)> ReceiveAsync(UploadRequest request)
    {
        var headers = request.Headers;
        var call = request.Call;
        var target = MakeTarget(request);
        var maxBytes = call.Tenant.Settings.MaxFileBytes;
        if (headers.Length > maxBytes)
            return (null, BodyReceiver.TooLarge(maxBytes));
        if (headers.Length != 0 && target.Stores.WriteCandidates().Length == 0)
        {
            // Another silo may have attached a store a moment ago.
            await call.RefreshTopologyAsync();
            target = MakeTarget(request);
        }

        if (headers.Length != 0 && target.Stores.WriteCandidates().Length == 0)
            return (null, ChunkPlacer.NoStore(target, full: false, failed: false));

        metrics.Transfer("in", 1);
        using var account = buffers.Open(target.TenantText, BufferUse.Receiving);
        using var receiver = new BodyReceiver(
            call.Http.Request.BodyReader, account, new BodyLimits(headers.Length, maxBytes), idle, call.Aborted);
        try
        {
            return headers.Length > _options.ChunkBytes
                ? await ReceiveManyAsync(request, target, receiver, first: null)
                : await ReceiveFirstAsync(request, target, receiver);
        }
        finally
        {
            metrics.Received(receiver.Received);
            metrics.Transfer("in", -1);
        }
    }

    private async Task<(NamespaceResult?, Problem?)> ReceiveFirstAsync(UploadRequest request, UploadTarget target, BodyReceiver receiver)
    {
        if (!await receiver.HasMoreAsync())
            return await CommitEmptyAsync(request, target);
        var first = await receiver.NextAsync(_options.ChunkBytes);
        if (!receiver.Ended && await MoreAsync(receiver, first))
            return await ReceiveManyAsync(request, target, receiver, first);
        using (first)
            return await StoreOneAsync(request, target, first);
    }

    private static async ValueTask<bool> MoreAsync(BodyReceiver receiver, ChunkBuffer held)
    {
        try
        {
            return await receiver.HasMoreAsync();
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private async Task<(NamespaceResult?, Problem?)> StoreOneAsync(UploadRequest request, UploadTarget target, ChunkBuffer chunk)
    {
        var hash = chunk.Length <= HashInline ? chunk.Seal() : await Task.Run(chunk.Seal);
        if (request.Headers.Digest is { } digest && digest != hash)
            return (null, Mismatch(hash));
        var claimed = await claims.TryClaimAsync(target, hash, chunk.Length);
        try
        {
            var ask = placer.Ask(target, chunk, index: 0, sizeDeclared: true);
            var (begun, problem) = await BeginAsync(request, target, chunk.Length, ask);
            if (problem is not null)
                return (null, problem);
            return await OrAbortAsync(target, async () =>
            {
                var outcome = await placer.StoreAsync(
                    target, ask, begun!.First, (store, key) => store.PutAsync(key, chunk, CancellationToken.None));
                if (outcome.Problem is not null)
                    return (null, outcome.Problem);
                return await CommitAsync(request, target, chunk.Length, [hash], hash, outcome.Written is { } written ? [written] : []);
            });
        }
        finally
        {
            if (claimed)
                await claims.ReleaseAsync(target, hash);
        }
    }

    private async Task<(NamespaceResult?, Problem?)> CommitEmptyAsync(UploadRequest request, UploadTarget target)
    {
        if (request.Headers.Digest is { } digest && digest != ContentTag.Empty)
            return (null, Mismatch(ContentTag.Empty));
        var (_, problem) = await BeginAsync(request, target, size: 0, first: null);
        if (problem is not null)
            return (null, problem);
        return await OrAbortAsync(target, () => CommitAsync(request, target, 0, [], ContentTag.Empty, []));
    }

    private async Task<(NamespaceResult?, Problem?)> ReceiveManyAsync(
        UploadRequest request, UploadTarget target, BodyReceiver receiver, ChunkBuffer? first)
    {
        var (_, problem) = await BeginAsync(request, target, request.Headers.Length, first: null);
        if (problem is not null)
        {
            first?.Dispose();
            return (null, problem);
        }

        return await OrAbortAsync(target, async () =>
        {
            using var pipeline = new UploadPipeline(target, placer, claims, uploads, _options, request.Headers);
            if (await pipeline.RunAsync(receiver, first) is { } refused)
                return (null, refused);
            if (request.Headers.Digest is { } digest && digest != pipeline.WholeHash)
                return (null, Mismatch(pipeline.WholeHash));
            return await CommitAsync(request, target, receiver.Received, pipeline.Hashes, pipeline.WholeHash, []);
        });
    }

    private async Task<(UploadBegun? Begun, Problem? Problem)> BeginAsync(UploadRequest request, UploadTarget target, long? size, PlaceChunk? first)
    {
        var begun = await uploads.BeginAsync(
            new BeginUpload
            {
                Tenant = target.Tenant,
                Scope = target.Scope,
                Upload = target.Upload,
                Path = request.Path,
                Size = size,
                Epoch = silo.Epoch,
                FirstChunk = first,
            },
            CancellationToken.None);
        return begun.Status == UploadStatus.Ok ? (begun, null) : (null, UploadRefusals.Of(begun));
    }

    private async Task<(NamespaceResult?, Problem?)> CommitAsync(
        UploadRequest request, UploadTarget target, long size, IReadOnlyList<ChunkHash> hashes, ChunkHash? sha256, List<LocationId> written)
    {
        var result = await end.CommitAsync(target.Tenant, target.Scope, new CommitUpload
        {
            Operation = request.Operation,
            By = request.Call.Caller.Name,
            Preconditions = request.Preconditions,
            Upload = target.Upload,
            Path = request.Path,
            Size = size,
            ChunkCount = hashes.Count,
            Etag = ContentTag.Of(hashes),
            Sha256 = sha256,
            ContentType = request.Headers.ContentType,
            Modified = request.Headers.Modified,
            Written = written,
        });
        return UploadRefusals.Of(result) is { } problem ? (null, problem) : (result, null);
    }

    /// <summary>Whatever does not end in a version of this upload gives back what it held.</summary>
    private async Task<(NamespaceResult?, Problem?)> OrAbortAsync(UploadTarget target, Func<Task<(NamespaceResult?, Problem?)>> work)
    {
        var committed = false;
        try
        {
            var (result, problem) = await work();
            committed = result is { Replayed: false };
            return (result, problem);
        }
        finally
        {
            if (!committed)
                await end.AbortAsync(target);
        }
    }

    private UploadTarget MakeTarget(UploadRequest request) => new()
    {
        Tenant = request.Call.TenantId,
        Scope = request.Scope.Id,
        Upload = new UploadId(Guid.CreateVersion7(time.GetUtcNow())),
        Path = request.Path,
        Stores = new ScopeStores(request.Call.Topology, request.Scope.Id, directory),
        TenantText = request.Call.TenantId.ToString(),
    };

    private static Problem Mismatch(ChunkHash? actual) =>
        new Problem(ProblemKinds.DigestMismatch, "The content that arrived does not have the digest that was sent; nothing was stored.")
            .With("actual", actual is { } hash ? ContentDigest.Format(hash) : null);
}

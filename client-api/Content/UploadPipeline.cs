using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Content;

/// <summary>
/// An upload of several chunks: while one is received, those before it are hashed, placed and written on other threads. A
/// chunk's memory goes back as soon as a store has accepted it. One instance serves one upload.
/// </summary>
internal sealed class UploadPipeline(
    UploadTarget target, ChunkPlacer placer, ChunkClaims claims, UploadCatalog uploads, ClientApiOptions options, UploadHeaders headers)
    : IDisposable
{
    private readonly SemaphoreSlim _slots = new(options.ChunksInFlight);
    private readonly List<ChunkHash> _hashes = [];
    private readonly List<Task> _running = [];
    private readonly IncrementalHash? _whole = headers.Digest is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Task _wholeSoFar = Task.CompletedTask;
    private Problem? _problem;
    private ExceptionDispatchInfo? _fault;

    /// <summary>The chunks in order; complete once <see cref="RunAsync"/> returned without a problem.</summary>
    public IReadOnlyList<ChunkHash> Hashes => _hashes;

    /// <summary>SHA-256 of everything, where the client sent a digest to compare it with.</summary>
    public ChunkHash? WholeHash { get; private set; }

    public void Dispose()
    {
        _slots.Dispose();
        _whole?.Dispose();
    }

    /// <summary>
    /// Steps: (1) receive a chunk; (2) wait for a slot; (3) hand it to a task that hashes, places, writes, reports; (4) at
    /// the end, also a bad one, wait for all of them, so that nothing is written behind the back of an abort.
    /// </summary>
    /// <returns>The refusal; null when every chunk is stored.</returns>
    public async Task<Problem?> RunAsync(BodyReceiver receiver, ChunkBuffer? first)
    {
        try
        {
            await ReceiveAsync(receiver, first);
        }
        finally
        {
            await Task.WhenAll(_running);
            WholeHash = _whole is null || _fault is not null ? null : ChunkHash.From(_whole.GetHashAndReset());
        }

        _fault?.Throw();
        return _problem;
    }

    private async Task ReceiveAsync(BodyReceiver receiver, ChunkBuffer? chunk)
    {
        for (var index = 0; ; index++)
        {
            if (chunk is null)
            {
                if (!await receiver.HasMoreAsync())
                    return;
                chunk = await receiver.NextAsync(options.ChunkBytes);
            }

            await _slots.WaitAsync(CancellationToken.None);
            if (_problem is not null || _fault is not null)
            {
                chunk.Dispose();
                return;
            }

            Start(chunk, index);
            chunk = null;
        }
    }

    private void Start(ChunkBuffer chunk, int index)
    {
        _running.RemoveAll(static task => task.IsCompleted);
        lock (_hashes)
            _hashes.Add(default);
        var before = _wholeSoFar;
        var whole = _whole is null ? null : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _wholeSoFar = whole?.Task ?? Task.CompletedTask;
        _running.Add(Task.Run(() => ProcessAsync(chunk, index, before, whole)));
    }

    private async Task ProcessAsync(ChunkBuffer chunk, int index, Task before, TaskCompletionSource? whole)
    {
        LocationId? written = null;
        var hash = default(ChunkHash);
        var claimed = false;
        try
        {
            try
            {
                hash = chunk.Seal();
                lock (_hashes)
                    _hashes[index] = hash;
                claimed = await claims.TryClaimAsync(target, hash, chunk.Length);
                var storing = StoreAsync(chunk, index);
                await Task.WhenAll(storing, HashWholeAsync(chunk, before));
                written = await storing;
            }
            finally
            {
                whole?.TrySetResult();
                chunk.Dispose();
                _slots.Release();
            }

            if (written is { } location && !await uploads.ChunksWrittenAsync(target.Upload, [location], CancellationToken.None))
                _problem ??= Problem.Unavailable("The upload was ended by the server; send it again.");
        }
        catch (Exception error)
        {
            // The top of a task: the fault surfaces in RunAsync, once everything else has come to an end.
            Interlocked.CompareExchange(ref _fault, ExceptionDispatchInfo.Capture(error), null);
        }
        finally
        {
            if (claimed)
                await claims.ReleaseAsync(target, hash);
        }
    }

    private async Task<LocationId?> StoreAsync(ChunkBuffer chunk, int index)
    {
        var ask = placer.Ask(target, chunk, index, sizeDeclared: headers.Length is not null);
        var outcome = await placer.StoreAsync(
            target, ask, placed: null, (store, key) => store.PutAsync(key, chunk, CancellationToken.None));
        if (outcome.Problem is not null)
            Interlocked.CompareExchange(ref _problem, outcome.Problem, null);
        return outcome.Written;
    }

    /// <summary>The hash of the whole file takes the chunks in their order, each when the one before it was taken.</summary>
    private async Task HashWholeAsync(ChunkBuffer chunk, Task before)
    {
        if (_whole is null)
            return;
        await before;
        foreach (var piece in chunk.Pieces)
            _whole.AppendData(piece.Span);
    }
}

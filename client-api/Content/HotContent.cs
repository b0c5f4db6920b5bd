using System.Threading.Channels;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Granary.ClientApi.Content;

/// <summary>
/// Gives chunks that are read often from a store on another machine a copy in a nearer store of the same scope, so that the
/// next read is served from there (G9). Only within that store's soft limit, and nothing is moved away for it; shrinking
/// takes the copy back when it is the least recently read. An optimisation: when there is too much of it, it is left out.
/// </summary>
internal sealed partial class HotContent(IGrainFactory grains, IOptions<ClientApiOptions> options, TimeProvider time, ILogger<HotContent> logger)
    : BackgroundService
{
    /// <summary>Chunks that may wait for their copies; more come again with their next reads.</summary>
    private const int MostWaiting = 256;

    /// <summary>Copies at one time: background work beside the readers who caused it.</summary>
    private const int Parallel = 2;

    private readonly ChunkHeat? _heat = options.Value.HotReads == 0 ? null : new ChunkHeat(options.Value.HotReads, options.Value.HotWindow, time);

    private readonly Channel<HotChunk> _waiting = Channel.CreateBounded<HotChunk>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A chunk was read from a store that is not on this machine. Never waits.</summary>
    public void Note(ReadSource source, ChunkHash hash, StoreId from)
    {
        if (_heat is null || !_heat.Note(source.Tenant, hash))
            return;
        var nearer = source.Stores.NearerThan(from);
        if (nearer.Count > 0)
            _waiting.Writer.TryWrite(new HotChunk(source.Tenant, source.Stores.Scope, hash, nearer));
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => CopyAllAsync(stoppingToken)));

    private async Task CopyAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var chunk in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await CopyAsync(chunk, cancellationToken);
            }
            catch (Exception error) when (error is TimeoutException or OrleansException)
            {
                LogFailed(error);
            }
        }
    }

    /// <summary>The first store with room gets the copy.</summary>
    private async Task CopyAsync(HotChunk chunk, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IChunkGrain>(GrainKeys.Chunk(chunk.Tenant, chunk.Hash));
        foreach (var store in chunk.Nearer)
        {
            if (await grain.CopyNearerAsync(chunk.Scope, store, cancellationToken) != NearerCopy.NoRoom)
                return;
        }
    }

    [LoggerMessage(5023, LogLevel.Debug, "A chunk that is read often could not be copied nearer; its next reads ask again")]
    private partial void LogFailed(Exception error);

    private sealed record HotChunk(TenantId Tenant, ScopeId Scope, ChunkHash Hash, IReadOnlyList<StoreId> Nearer);
}

using Microsoft.Extensions.Logging;

namespace Granary.Stores;

/// <summary>
/// Makes and opens stores. The one place where decorators are put together: from the outside in, retry (a wait between
/// attempts holds no slot), concurrency limit, metrics (of attempts), store.
/// </summary>
/// <param name="retry">How often and how fast transient faults are repeated.</param>
/// <param name="time">The clock.</param>
/// <param name="jitter">A number from 0 to below 1 at each call, for the waits between attempts; called from many threads.</param>
/// <param name="isMember">Whether this silo is still a member of the cluster; asked before every attempt.</param>
/// <param name="logs">Where log messages go.</param>
public sealed class ChunkStoreFactory(StoreRetryOptions retry, TimeProvider time, Func<double> jitter, Func<bool> isMember, ILoggerFactory logs)
{
    /// <summary>
    /// Makes a place a store: writes its identity object, after a look that nobody else's data lie there, and proves that it
    /// can be written (D59, D60). Repeating it for the same store is success.
    /// </summary>
    /// <param name="definition">The store.</param>
    /// <param name="takeOver">True: replace whatever identity lies there; an operator's explicit command.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ChunkStoreException">It cannot be a store; the message says why in one sentence.</exception>
    public async Task InitializeAsync(ChunkStoreDefinition definition, bool takeOver, CancellationToken ct)
    {
        switch (definition.Configuration)
        {
            case LocalStoreConfig:
                await Task.Run(() => LocalChunkStore.Initialize(definition, takeOver), ct).ConfigureAwait(false);
                break;
            default:
                await using (var store = new S3ChunkStore(definition, time))
                    await store.InitializeAsync(takeOver, ct).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Opens a store that was made before, and checks that it is there and ours.</summary>
    /// <exception cref="ChunkStoreException">It is not there, not ours, or open elsewhere.</exception>
    public async Task<OpenedChunkStore> OpenAsync(ChunkStoreDefinition definition, CancellationToken ct)
    {
        IChunkStore store = definition.Configuration switch
        {
            LocalStoreConfig => await Task.Run(() => LocalChunkStore.Open(definition, logs.CreateLogger<LocalChunkStore>()), ct).ConfigureAwait(false),
            RemoteStoreConfig => new RemoteChunkStore(definition, time),
            _ => new S3ChunkStore(definition, time),
        };
        try
        {
            await store.CheckAsync(ct).ConfigureAwait(false);
            return Compose(definition, store);
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Puts the decorators around a store; it belongs to the result from then on.</summary>
    public OpenedChunkStore Compose(ChunkStoreDefinition definition, IChunkStore store)
    {
        var metered = new MeteredChunkStore(store);

        // The owner of a remote store must know which of its slots to take.
        var background = store is RemoteChunkStore remote ? new MeteredChunkStore(remote.ForMaintenance()) : metered;
        var limited = Limit(background, MaintenanceShare(definition.MaxConcurrentReads), MaintenanceShare(definition.MaxConcurrentWrites));
        return new(
            definition,
            store,
            Retry(Limit(metered, definition.MaxConcurrentReads, definition.MaxConcurrentWrites)),
            [.. Enum.GetValues<WorkUrgency>().Select(urgency => Retry(limited.With(urgency)))]);
    }

    private static ConcurrencyLimitChunkStore Limit(IChunkStore store, int reads, int writes) => new(store, reads, writes);

    private static int MaintenanceShare(int slots) => Math.Max(1, slots / 4);

    private RetryChunkStore Retry(IChunkStore store) => new(store, retry, time, jitter, isMember, logs.CreateLogger<RetryChunkStore>());
}

/// <summary>An open store, with slots of their own for requests of clients and for maintenance.</summary>
public sealed class OpenedChunkStore : IAsyncDisposable
{
    private readonly IChunkStore _store;
    private readonly IChunkStore[] _maintenance;

    internal OpenedChunkStore(ChunkStoreDefinition definition, IChunkStore store, IChunkStore client, IChunkStore[] maintenance)
    {
        _store = store;
        _maintenance = maintenance;
        Definition = definition;
        Client = client;
    }

    /// <summary>The store without decorators, for putting others around it.</summary>
    internal IChunkStore Undecorated => _store;

    /// <summary>What it was opened from.</summary>
    public ChunkStoreDefinition Definition { get; }

    /// <summary>For requests of clients: <see cref="ChunkStoreDefinition.MaxConcurrentReads"/> and writes at a time.</summary>
    public IChunkStore Client { get; }

    /// <summary>For maintenance: a quarter of those, at least one, which clients cannot take.</summary>
    public IChunkStore Maintenance => MaintenanceOf(WorkUrgency.Routine);

    /// <summary>The same slots, for work of an urgency: the most urgent that waits goes first.</summary>
    public IChunkStore MaintenanceOf(WorkUrgency urgency) => _maintenance[(int)urgency];

    /// <summary>Closes the store when what was begun is done.</summary>
    public ValueTask DisposeAsync() => _store.DisposeAsync();
}

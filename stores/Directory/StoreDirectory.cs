using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Stores;

/// <summary>
/// Opens the stores that it is told of, looks after them, and opens again what went offline. One step at a time changes
/// what is open; everything else only reads.
/// </summary>
public sealed partial class StoreDirectory(ChunkStoreFactory factory, TimeProvider time, ILogger<StoreDirectory> logger) : IStoreDirectory, IAsyncDisposable
{
    /// <summary>Longest wait for one store to open or to answer a look; others do not wait for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<StoreId, StoreEntry> _entries = new();
    private readonly SemaphoreSlim _step = new(1, 1);
    private int _disposed;

    /// <inheritdoc/>
    public IReadOnlyList<StoreStatus> Stores => [.. _entries.OrderBy(pair => pair.Key.Value).Select(pair => pair.Value.Status())];

    /// <inheritdoc/>
    public bool TryGet(StoreId id, [NotNullWhen(true)] out IChunkStore? store)
    {
        store = Find(id)?.Client;
        return store is not null;
    }

    /// <inheritdoc/>
    public bool TryGetMaintenance(StoreId id, [NotNullWhen(true)] out IChunkStore? store) => TryGetMaintenance(id, WorkUrgency.Routine, out store);

    /// <inheritdoc/>
    public bool TryGetMaintenance(StoreId id, WorkUrgency urgency, [NotNullWhen(true)] out IChunkStore? store)
    {
        store = Find(id)?.MaintenanceOf(urgency);
        return store is not null;
    }

    /// <inheritdoc/>
    public bool IsUsable(StoreId id) => _entries.TryGetValue(id, out var entry) && entry.IsUsable;

    /// <inheritdoc/>
    public void ReportFailure(StoreId id, Exception failure)
    {
        // A full store refuses bytes and serves what it has; its hard limit and placement deal with it.
        if (failure is ChunkStoreException { Fault: ChunkStoreFault.Full } || !_entries.TryGetValue(id, out var entry))
            return;
        if (entry.Report(failure))
            LogFailing(entry.Definition.Name, failure.Message);
    }

    /// <summary>
    /// Brings what is open in step with what should be: opens what is new or offline, closes what is no longer named, opens
    /// again what changed, and looks whether the open ones are there.
    /// </summary>
    /// <param name="definitions">Every store that this silo should have open.</param>
    /// <param name="ct">Gives up midway; the next step goes on.</param>
    public async Task UpdateAsync(IReadOnlyCollection<ChunkStoreDefinition> definitions, CancellationToken ct)
    {
        await _step.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var wanted = definitions.ToDictionary(IdOf);
            foreach (var (id, entry) in _entries)
            {
                if (!wanted.TryGetValue(id, out var definition))
                {
                    _entries.TryRemove(id, out _);
                    await CloseAsync(entry.Opened).ConfigureAwait(false);
                }
                else if (definition != entry.Definition && !TryChangeLimits(id, entry, definition))
                {
                    // A local store's lock allows one opener: what changed is closed before it is opened again.
                    _entries.TryRemove(id, out _);
                    await CloseAsync(entry.Opened).ConfigureAwait(false);
                }
            }

            await Task.WhenAll(wanted.Select(pair => TendAsync(_entries.GetOrAdd(pair.Key, Make, pair.Value), ct))).ConfigureAwait(false);
        }
        finally
        {
            _step.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A container that hands it out under several types disposes it once for each.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _step.WaitAsync().ConfigureAwait(false);
        foreach (var id in _entries.Keys)
        {
            if (_entries.TryRemove(id, out var entry))
                await CloseAsync(entry.Opened).ConfigureAwait(false);
        }

        _step.Dispose();
    }

    private static StoreId IdOf(ChunkStoreDefinition definition) => new(long.Parse(definition.StoreId, NumberStyles.None, CultureInfo.InvariantCulture));

    private StoreEntry Make(StoreId id, ChunkStoreDefinition definition) => new(id, definition, time);

    // Other limits need other slots, not another opening: transfers go on meanwhile, those begun by the old limits.
    private bool TryChangeLimits(StoreId id, StoreEntry entry, ChunkStoreDefinition definition)
    {
        var onlyLimits = entry.Definition with { MaxConcurrentReads = definition.MaxConcurrentReads, MaxConcurrentWrites = definition.MaxConcurrentWrites };
        if (onlyLimits != definition || entry.Opened is not { } opened)
            return false;
        var changed = Make(id, definition);
        changed.SetOpened(factory.Compose(definition, opened.Undecorated));
        _entries[id] = changed;
        return true;
    }

    private OpenedChunkStore? Find(StoreId id) => _entries.TryGetValue(id, out var entry) ? entry.Opened : null;

    private async Task TendAsync(StoreEntry entry, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            if (entry.Opened is { } opened)
            {
                await opened.Maintenance.CheckAsync(limit.Token).ConfigureAwait(false);
                return;
            }

            entry.SetOpened(await factory.OpenAsync(entry.Definition, limit.Token).ConfigureAwait(false));
            LogOpened(entry.Definition.Name);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested && failure is ChunkStoreException or OperationCanceledException)
        {
            await NoteAsync(entry, failure).ConfigureAwait(false);
        }
    }

    // A store that is not there, or not ours, is closed and opened anew: a directory that was mounted again is another one.
    // One that only does not answer stays open and is passed over.
    private async Task NoteAsync(StoreEntry entry, Exception failure)
    {
        if (entry.Opened is not null && failure is not ChunkStoreOfflineException)
        {
            if (entry.Report(failure))
                LogFailing(entry.Definition.Name, failure.Message);
            return;
        }

        var (closed, isNews) = entry.SetOffline(failure);
        if (isNews)
            LogOffline(entry.Definition.Name, failure.Message);
        await CloseAsync(closed).ConfigureAwait(false);
    }

    private async Task CloseAsync(OpenedChunkStore? store)
    {
        if (store is null)
            return;
        try
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
        catch (ChunkStoreException failure)
        {
            LogNotClosed(store.Definition.Name, failure);
        }
    }

    [LoggerMessage(2200, LogLevel.Information, "Store {Store} is open.")]
    private partial void LogOpened(string store);

    [LoggerMessage(2201, LogLevel.Warning, "Store {Store} is offline: {Reason}")]
    private partial void LogOffline(string store, string reason);

    [LoggerMessage(2202, LogLevel.Warning, "Store {Store} failed and is passed over for ten seconds: {Reason}")]
    private partial void LogFailing(string store, string reason);

    [LoggerMessage(2203, LogLevel.Warning, "Store {Store} could not be closed in order.")]
    private partial void LogNotClosed(string store, Exception failure);
}

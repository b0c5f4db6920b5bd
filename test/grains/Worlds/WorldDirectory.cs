using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Worlds;

/// <summary>Open stores that a test can make misbehave or take offline.</summary>
internal sealed class WorldDirectory : IStoreDirectory, IAsyncDisposable
{
    private readonly ConcurrentDictionary<StoreId, (OpenedChunkStore Opened, FaultyChunkStore Faulty)> _stores = new();
    private readonly ConcurrentDictionary<StoreId, bool> _offline = new();

    public IReadOnlyList<StoreStatus> Stores => [];

    public void Add(StoreId id, OpenedChunkStore store) => _stores[id] = (store, new FaultyChunkStore(store.Maintenance));

    /// <summary>The way to make a store fail.</summary>
    public FaultyChunkStore Faults(StoreId id) => _stores[id].Faulty;

    public void SetOffline(StoreId id, bool offline) => _offline[id] = offline;

    public bool TryGet(StoreId id, [NotNullWhen(true)] out IChunkStore? store)
    {
        store = !_offline.GetValueOrDefault(id) && _stores.TryGetValue(id, out var found) ? found.Faulty : null;
        return store is not null;
    }

    public bool TryGetMaintenance(StoreId id, [NotNullWhen(true)] out IChunkStore? store) => TryGet(id, out store);

    public bool IsUsable(StoreId id) => TryGet(id, out _);

    public void ReportFailure(StoreId id, Exception failure)
    {
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (opened, _) in _stores.Values)
        {
            await opened.DisposeAsync();
        }
    }
}

using System.Text.Json;
using Granary.Catalog;
using Granary.Stores;

namespace Granary.ClientApi.FileStores;

/// <summary>Puts together what answers show of a store: its row, its space, and whether it is usable here now.</summary>
internal sealed class FileStoreViewer(StoreCatalog stores, StoreCapacity capacity, IStoreDirectory directory)
{
    /// <summary>The view.</summary>
    public async Task<FileStoreView> ViewAsync(StoreInfo store, CancellationToken cancellationToken)
    {
        var space = await stores.GetSpaceAsync(store.Id, cancellationToken);
        var room = await capacity.ViewAsync(store, cancellationToken);
        using var configuration = JsonDocument.Parse(store.Configuration);
        var status = directory.Stores.FirstOrDefault(s => s.Store == store.Id);
        var online = status is { Health: StoreHealth.Online };
        return new FileStoreView(
            store.Name, store.Backend, configuration.RootElement.Clone(), store.Settings.InstanceWide, store.Settings.SoftMaxSize,
            store.Settings.MaxSize, store.Settings.MaxConcurrentReads, store.Settings.MaxConcurrentWrites,
            FileStoreRequest.VerifyName(store.Settings), space?.Used ?? 0, space?.Charged ?? 0, space?.Chunks ?? 0,
            room.UploadedLastWeekBytes, room.FileSystemBytes, room.FileSystemFreeBytes, room.Warning,
            StateName(status?.Health), online ? null : status?.Reason ?? "The store is not open on this silo.", store.Created);
    }

    private static string StateName(StoreHealth? health) => health switch
    {
        StoreHealth.Online => "online",
        StoreHealth.Failing => "failing",
        _ => "offline",
    };
}

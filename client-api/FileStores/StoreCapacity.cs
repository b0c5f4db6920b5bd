using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.FileStores;

/// <summary>How much room a store's file system has, and whether it lasts until maintenance has moved away what came in.</summary>
internal sealed class StoreCapacity(StoreCatalog stores, IStoreDirectory directory, TimeProvider time)
{
    // A mount that hangs must not hang whoever looks at it.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    /// <summary>Looks at a store.</summary>
    public async Task<CapacityView> ViewAsync(StoreInfo store, CancellationToken cancellationToken)
    {
        var week = await stores.GetWeekAsync(store.Id, cancellationToken);
        var space = await MeasureAsync(store.Id, cancellationToken);
        return new CapacityView(week, space?.Total, space?.Free, Warning(store.Settings.SoftMaxSize, week, space?.Total));
    }

    /// <summary>One sentence when a store that is filled up to its soft limit cannot take another week like the last one.</summary>
    internal static string? Warning(long? softMaxSize, long week, long? total) =>
        softMaxSize is { } soft && total is { } size && soft + week > size
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The soft limit of {soft} bytes and the last week's uploads of {week} bytes together exceed the file system of {size} bytes: it may be full before maintenance has moved enough away.")
            : null;

    // Of a store on a disk of this silo; of others only their own silo can tell.
    private async Task<FileSystemSpace?> MeasureAsync(StoreId store, CancellationToken cancellationToken)
    {
        if (!directory.TryGetMaintenance(store, out var open) || open.Find<IFileSystemStore>() is not { } measured)
        {
            return null;
        }

        try
        {
            return await measured.MeasureAsync(cancellationToken).WaitAsync(Bound, time, cancellationToken);
        }
        catch (Exception failure) when (failure is ChunkStoreException or TimeoutException)
        {
            // The state of the store says what is wrong with it.
            return null;
        }
    }
}

/// <summary>Room of a store.</summary>
/// <param name="UploadedLastWeekBytes">Bytes that uploads brought in today and on the seven days before.</param>
/// <param name="FileSystemBytes">Size of the file system; null where there is none, or this silo does not see it.</param>
/// <param name="FileSystemFreeBytes">What is free of it.</param>
/// <param name="Warning">What an operator should mind; null for nothing.</param>
internal sealed record CapacityView(long UploadedLastWeekBytes, long? FileSystemBytes, long? FileSystemFreeBytes, string? Warning);

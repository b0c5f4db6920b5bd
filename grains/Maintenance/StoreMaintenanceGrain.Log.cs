using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

internal sealed partial class StoreMaintenanceGrain
{
    [LoggerMessage(4210, LogLevel.Information, "Store {Store} is not open here; {Waiting} copies or more wait for their deletion and stay charged.")]
    private partial void LogOffline(StoreId store, int waiting);

    [LoggerMessage(4211, LogLevel.Warning, "Store {Store}: {Key} is there after its deletion; it stays charged and is tried again.")]
    private partial void LogStillThere(StoreId store, LocationKey key);

    [LoggerMessage(4212, LogLevel.Warning, "Store {Store}: {Key} could not be deleted; it stays charged and is tried again.")]
    private partial void LogDeleteFailed(Exception failure, StoreId store, LocationKey key);

    [LoggerMessage(4214, LogLevel.Warning, "Store {Store} was deleted, but its place still carries its mark; a new store there takes it over explicitly.")]
    private partial void LogNotLeft(Exception failure, StoreId store);

    [LoggerMessage(4213, LogLevel.Information, "Store {Store}: {Blocks} blocks of ended silos gave back {Bytes} bytes.")]
    private partial void LogBlocksReleased(StoreId store, int blocks, long bytes);
}

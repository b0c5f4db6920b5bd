using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Copies;

internal sealed partial class CopyWorker
{
    [LoggerMessage(4300, LogLevel.Warning, "The grain of store {Store} did not answer a request for space")]
    private partial void LogNoSpaceAnswer(StoreId store, Exception failure);

    [LoggerMessage(4301, LogLevel.Warning, "Store {Store} does not have {Key}, which is recorded")]
    private partial void LogAbsent(StoreId store, LocationKey key);

    [LoggerMessage(4302, LogLevel.Error, "Store {Store} holds a damaged copy {Location}")]
    private partial void LogCorrupt(StoreId store, LocationId location, Exception failure);

    [LoggerMessage(4303, LogLevel.Warning, "Store {Store} failed while copy {Location} was made")]
    private partial void LogFailed(StoreId store, LocationId location, Exception failure);

    [LoggerMessage(4304, LogLevel.Warning, "Copy {Location} in store {Store} came to nothing and could not be settled; it goes with this process")]
    private partial void LogNotSettled(StoreId store, LocationId location, Exception failure);
}

using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Stores;

internal sealed partial class FileStoreGrain
{
    [LoggerMessage(4100, LogLevel.Information, "Store {Store}: no room for {Needed} bytes.")]
    private partial void LogRefused(StoreId store, long needed);
}

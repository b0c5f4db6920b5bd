using Microsoft.Extensions.Logging;

namespace Granary.Stores;

/// <content>Log messages; event ids 2000 to 2099.</content>
internal sealed partial class LocalChunkStore
{
    [LoggerMessage(2000, LogLevel.Information, "Store {Store}: removed {Count} unfinished files of a run that did not end in order")]
    private partial void LogCleaned(string store, int count);

    [LoggerMessage(2001, LogLevel.Information, "Store {Store}: its file system does not write around the page cache; large chunks go through it")]
    private partial void LogNotDirect(string store);
}

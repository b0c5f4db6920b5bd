using Microsoft.Extensions.Logging;

namespace Granary.Catalog.Sqlite;

internal sealed partial class SqliteWriter
{
    [LoggerMessage(3000, LogLevel.Warning, "A write failed and is undone alone; its group had {Items} items")]
    private partial void LogItemFailed(Exception failure, int items);

    [LoggerMessage(3001, LogLevel.Error, "The catalog could not commit a group of {Items} writes")]
    private partial void LogGroupFailed(Exception failure, int items);

    [LoggerMessage(3002, LogLevel.Error, "The catalog could not roll back")]
    private partial void LogRollBackFailed(Exception failure);

    [LoggerMessage(3003, LogLevel.Warning, "The catalog's log could not be started over")]
    private partial void LogCheckpointFailed(Exception failure);
}

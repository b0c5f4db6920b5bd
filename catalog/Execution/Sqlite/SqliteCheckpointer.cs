using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>
/// Writes the log back into the database on a thread and connection of its own, so that no commit pays for it. SQLite's
/// own automatic checkpoint would run inside a commit.
/// </summary>
internal sealed partial class SqliteCheckpointer(SqliteConnection connection, SqliteWriter writer, ILogger<SqliteCheckpointer> logger) : IDisposable
{
    // Passive work is cheap when there is little; a quarter of a second bounds the log at the speed of the disk.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    // Rows changed before it is worth an fsync of the database, unless the catalog is at rest.
    private const long WorthWriting = 20_000;

    // Frames (of one page each) after which the log is started over: 64 MiB.
    private const int LongLog = 16_384;

    private readonly ManualResetEventSlim _stop = new();
    private long _seen;
    private long _written;

    public void Stop() => _stop.Set();

    public void Loop()
    {
        while (!_stop.Wait(Pause))
        {
            var changes = writer.Changes;
            var atRest = changes == _seen;
            _seen = changes;
            if (changes == _written || (!atRest && changes - _written < WorthWriting))
            {
                continue;
            }

            try
            {
                var (log, done) = connection.Checkpoint(raw.SQLITE_CHECKPOINT_PASSIVE, busyTimeout: 0);
                _written = log >= 0 && log == done ? changes : _written;
                if (log > LongLog)
                {
                    writer.RequestLogRestart();
                }
            }
            catch (CatalogException failure)
            {
                LogCheckpointFailed(failure);
            }
        }
    }

    public void Dispose() => _stop.Dispose();

    [LoggerMessage(3010, LogLevel.Warning, "The catalog's log could not be written back")]
    private partial void LogCheckpointFailed(Exception failure);
}

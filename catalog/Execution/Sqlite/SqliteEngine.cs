using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>One file: one thread that writes, some that read, one that writes the log back.</summary>
internal sealed class SqliteEngine : ICatalogEngine
{
    // FULL: a commit is on disk when it is acknowledged. The log is written back by the checkpointer, never in a commit.
    private const string Setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;";
    private const string WriterSetup = Setup + "PRAGMA cache_size=-65536;";
    private const string ReaderSetup = Setup + "PRAGMA cache_size=-16384; PRAGMA query_only=1;";

    private readonly CatalogOptions _options;
    private readonly ILoggerFactory _logs;
    private readonly List<SqliteConnection> _connections;
    private readonly List<Thread> _threads = [];
    private SqliteWriter? _writer;
    private SqliteCheckpointer? _checkpointer;

    private SqliteEngine(CatalogOptions options, ILoggerFactory logs, List<SqliteConnection> connections)
    {
        _options = options;
        _logs = logs;
        _connections = connections;
    }

    public long Commits => _writer?.Commits ?? 0;

    public long Items => _writer?.Items ?? 0;

    /// <summary>Opens the file, which is up to date.</summary>
    public static SqliteEngine Open(CatalogOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var connections = new List<SqliteConnection>();
        try
        {
            connections.Add(SqliteConnection.Open(options.DataSource, time, WriterSetup));
            connections.Add(SqliteConnection.Open(options.DataSource, time, Setup));
            for (var i = 0; i < options.Readers; i++)
            {
                connections.Add(SqliteConnection.Open(options.DataSource, time, ReaderSetup));
            }

            return new SqliteEngine(options, logs, connections);
        }
        catch
        {
            connections.ForEach(static connection => connection.Dispose());
            throw;
        }
    }

    public bool SharesTransactions => true;

    public void Start(WorkQueue writes, WorkQueue reads)
    {
        _writer = new SqliteWriter(_connections[0], writes, _options.MaxGroup, _logs.CreateLogger<SqliteWriter>());
        _checkpointer = new SqliteCheckpointer(_connections[1], _writer, _logs.CreateLogger<SqliteCheckpointer>());
        Start("granary-catalog-writer", _writer.Loop);
        Start("granary-catalog-checkpoint", _checkpointer.Loop);
        for (var i = 2; i < _connections.Count; i++)
        {
            Start($"granary-catalog-reader-{i - 1}", new SqliteReader(_connections[i], reads, _options.Readers).Loop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _checkpointer?.Stop();
        await Task.Run(() =>
        {
            _threads.ForEach(static thread => thread.Join());
            try
            {
                _connections[0].Checkpoint(raw.SQLITE_CHECKPOINT_TRUNCATE, busyTimeout: 1_000);
            }
            catch (CatalogException)
            {
                // The log stays and is replayed at the next opening.
            }

            _connections.ForEach(static connection => connection.Dispose());
        });
        _checkpointer?.Dispose();
    }

    private void Start(string name, Action loop)
    {
        var thread = new Thread(() => loop()) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }
}

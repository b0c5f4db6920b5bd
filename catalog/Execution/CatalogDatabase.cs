using Granary.Catalog.Migrations;
using Granary.Catalog.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Granary.Catalog;

/// <summary>
/// The metadata database: one file, one thread that writes, some that read, one that writes the log back. No SQL ever runs
/// on a caller's thread, and no caller's code on these threads except the work it hands in.
/// </summary>
public sealed class CatalogDatabase : IAsyncDisposable
{
    // FULL: a commit is on disk when it is acknowledged. The log is written back by the checkpointer, never in a commit.
    private const string Setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;";
    private const string WriterSetup = Setup + "PRAGMA cache_size=-65536;";
    private const string ReaderSetup = Setup + "PRAGMA cache_size=-16384; PRAGMA query_only=1;";

    private readonly WorkQueue _writes;
    private readonly WorkQueue _reads;
    private readonly List<SqliteConnection> _connections;
    private readonly List<Thread> _threads = [];
    private readonly SqliteWriter _writer;
    private readonly SqliteCheckpointer _checkpointer;
    private readonly SqliteConnection _writerConnection;
    private int _disposed;

    private CatalogDatabase(CatalogOptions options, TimeProvider time, ILoggerFactory logs, List<SqliteConnection> connections)
    {
        Time = time;
        _connections = connections;
        _writes = new WorkQueue("writes", options.QueueLimit);
        _reads = new WorkQueue("reads", options.QueueLimit);
        _writerConnection = connections[0];
        _writer = new SqliteWriter(_writerConnection, _writes, options.MaxGroup, logs.CreateLogger<SqliteWriter>());
        _checkpointer = new SqliteCheckpointer(connections[1], _writer, logs.CreateLogger<SqliteCheckpointer>());
        Start("granary-catalog-writer", _writer.Loop);
        Start("granary-catalog-checkpoint", _checkpointer.Loop);
        for (var i = 2; i < connections.Count; i++)
        {
            Start($"granary-catalog-reader-{i - 1}", new SqliteReader(connections[i], _reads, options.Readers).Loop);
        }
    }

    /// <summary>The clock of every decision in the catalog.</summary>
    public TimeProvider Time { get; }

    /// <summary>What the writer did so far.</summary>
    public CatalogStatistics Statistics => new(_writer.Commits, _writer.Items, _writes.Count, _reads.Count);

    /// <summary>Brings the schema up to date under a lock, and starts the threads.</summary>
    /// <exception cref="CatalogMigrationException">The file was written by a newer program, or its history differs.</exception>
    /// <exception cref="CatalogUnavailableException">The file cannot be opened.</exception>
    public static async Task<CatalogDatabase> OpenAsync(CatalogOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        await CatalogMigrator.MigrateAsync(options.DataSource, CatalogMigrator.CatalogSet, time, logs, cancellationToken);
        return await Task.Run(() => Open(options, time, logs), cancellationToken);
    }

    /// <summary>
    /// Runs work in one transaction and completes after its durable commit. Several callers' work shares one commit; work
    /// that throws is undone alone. The work runs on the writer's thread, may run twice (after its group was rolled back),
    /// and must have no effect but SQL. Once it has begun, cancellation no longer stops it.
    /// </summary>
    /// <exception cref="CatalogBusyException">The queue is full.</exception>
    /// <exception cref="CatalogUnavailableException">Disk full, damaged or closed.</exception>
    public Task<T> WriteAsync<T>(Func<CatalogSession, T> work, CancellationToken cancellationToken)
    {
        var item = new WorkItem<T>(work, cancellationToken);
        return Enqueue(_writes, item);
    }

    /// <summary>Runs work on a snapshot that holds every write acknowledged before the call.</summary>
    /// <exception cref="CatalogBusyException">The queue is full.</exception>
    /// <exception cref="CatalogUnavailableException">Damaged or closed.</exception>
    public Task<T> ReadAsync<T>(Func<CatalogSession, T> work, CancellationToken cancellationToken)
    {
        var item = new WorkItem<T>(work, cancellationToken);
        return Enqueue(_reads, item);
    }

    /// <summary>Finishes what waits, writes the log back and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _writes.Close();
        _reads.Close();
        _checkpointer.Stop();
        await Task.Run(() =>
        {
            _threads.ForEach(static thread => thread.Join());
            try
            {
                _writerConnection.Checkpoint(raw.SQLITE_CHECKPOINT_TRUNCATE, busyTimeout: 1_000);
            }
            catch (CatalogException)
            {
                // The log stays and is replayed at the next opening.
            }

            _connections.ForEach(static connection => connection.Dispose());
        });
        _checkpointer.Dispose();
    }

    private static Task<T> Enqueue<T>(WorkQueue queue, WorkItem<T> item)
    {
        try
        {
            queue.Add(item);
            return item.Task;
        }
        catch (CatalogException refused)
        {
            return Task.FromException<T>(refused);
        }
    }

    private static CatalogDatabase Open(CatalogOptions options, TimeProvider time, ILoggerFactory logs)
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

            return new CatalogDatabase(options, time, logs, connections);
        }
        catch
        {
            connections.ForEach(static connection => connection.Dispose());
            throw;
        }
    }

    private void Start(string name, Action loop)
    {
        var thread = new Thread(() => loop()) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }
}

/// <summary>What the catalog's writer did, for metrics.</summary>
/// <param name="Commits">Commits, one fsync each.</param>
/// <param name="Writes">Pieces of work in them.</param>
/// <param name="WaitingWrites">Work that waits for the writer now.</param>
/// <param name="WaitingReads">Work that waits for a reader now.</param>
public sealed record CatalogStatistics(long Commits, long Writes, int WaitingWrites, int WaitingReads);

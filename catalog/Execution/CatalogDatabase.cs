using Granary.Catalog.MariaDb;
using Granary.Catalog.Migrations;
using Granary.Catalog.Sqlite;
using Microsoft.Extensions.Logging;

namespace Granary.Catalog;

/// <summary>
/// The metadata database, SQLite or MariaDB: threads that write and threads that read, each with a connection of its own.
/// No SQL ever runs on a caller's thread, and no caller's code on these threads except the work it hands in.
/// </summary>
public sealed class CatalogDatabase : IAsyncDisposable
{
    private readonly WorkQueue _writes;
    private readonly WorkQueue _reads;
    private readonly ICatalogEngine _engine;
    private int _disposed;

    private CatalogDatabase(CatalogOptions options, TimeProvider time, ICatalogEngine engine)
    {
        Time = time;
        _engine = engine;
        _writes = new WorkQueue("writes", options.QueueLimit);
        _reads = new WorkQueue("reads", options.QueueLimit);
        engine.Start(_writes, _reads);
    }

    /// <summary>The clock of every decision in the catalog.</summary>
    public TimeProvider Time { get; }

    /// <summary>Whether pieces of work that wait together share a transaction; else each has its own.</summary>
    internal bool SharesTransactions => _engine.SharesTransactions;

    /// <summary>What the writer did so far.</summary>
    public CatalogStatistics Statistics => new(_engine.Commits, _engine.Items, _writes.Count, _reads.Count);

    /// <summary>
    /// Opens the database and starts the threads. A SQLite file is brought up to date first, under a lock; a MariaDB
    /// database must be up to date, which is the work of <c>granary migrate</c>.
    /// </summary>
    /// <exception cref="CatalogMigrationException">The schema is older (MariaDB) or newer than this program, or its history differs.</exception>
    /// <exception cref="CatalogUnavailableException">It cannot be opened.</exception>
    public static async Task<CatalogDatabase> OpenAsync(CatalogOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (options.MariaDb is { } connection)
        {
            await MariaDbMigrator.CheckAsync(connection, MariaDbMigrator.CatalogSet, time, cancellationToken);
            return new CatalogDatabase(options, time, new MariaDbEngine(options, time, logs));
        }

        await CatalogMigrator.MigrateAsync(options.DataSource, CatalogMigrator.CatalogSet, time, logs, cancellationToken);
        return new CatalogDatabase(options, time, await Task.Run(() => SqliteEngine.Open(options, time, logs), cancellationToken));
    }

    /// <summary>
    /// Runs work in one transaction and completes after its durable commit. On SQLite several callers' work shares one
    /// commit; work that throws is undone alone. The work runs on a writer's thread, may run again (after its group was
    /// rolled back, after a deadlock), and must have no effect but SQL. Once it has begun, cancellation no longer stops it.
    /// </summary>
    /// <exception cref="CatalogBusyException">The queue is full.</exception>
    /// <exception cref="CatalogUnavailableException">Disk full, damaged, not reached, or closed.</exception>
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

    /// <summary>Finishes what waits and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _writes.Close();
        _reads.Close();
        await _engine.DisposeAsync();
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
}

/// <summary>What the catalog's writer did, for metrics.</summary>
/// <param name="Commits">Commits, one fsync each.</param>
/// <param name="Writes">Pieces of work in them.</param>
/// <param name="WaitingWrites">Work that waits for the writer now.</param>
/// <param name="WaitingReads">Work that waits for a reader now.</param>
public sealed record CatalogStatistics(long Commits, long Writes, int WaitingWrites, int WaitingReads);

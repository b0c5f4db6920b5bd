using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>
/// The only writer of the file in this process. It takes everything that waits, runs it in one transaction and commits
/// once (one fsync): under load the group grows by itself, at rest nobody waits for company.
/// </summary>
/// <remarks>
/// 1. Run all items of the group in one transaction, without savepoints: work decides before it writes, so that failures
///    are rare and savepoints, which copy pages, would be paid for nothing.
/// 2. Commit, then answer all.
/// 3. When one throws: roll back, run the group again with a savepoint each, so that only that one fails.
/// 4. When the database itself failed (disk full, I/O error): all fail.
/// </remarks>
internal sealed partial class SqliteWriter(SqliteConnection connection, WorkQueue queue, int maxGroup, ILogger<SqliteWriter> logger)
{
    private readonly List<WorkItem> _group = [];
    private long _commits;
    private long _items;
    private long _changes;
    private volatile bool _restartLog;

    /// <summary>Commits so far; each one fsync.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Items so far.</summary>
    public long Items => Interlocked.Read(ref _items);

    /// <summary>Rows changed so far; tells the checkpointer whether there is anything to write back.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>Asks the writer to start the log over after its next commit: only it can be sure that nobody writes.</summary>
    public void RequestLogRestart() => _restartLog = true;

    /// <summary>The thread's body; ends when the queue is closed and empty.</summary>
    public void Loop()
    {
        while (queue.Take(_group, maxGroup, takers: 1))
        {
            _group.RemoveAll(static item =>
            {
                var cancelled = item.IsCancelled;
                if (cancelled)
                {
                    item.Complete();
                }

                return cancelled;
            });

            if (_group.Count > 0)
            {
                RunGroup();
                Interlocked.Add(ref _items, _group.Count);
                _group.ForEach(static item => item.Complete());
            }

            _group.Clear();
            if (_restartLog)
            {
                RestartLog();
            }
        }
    }

    private void RunGroup()
    {
        try
        {
            connection.Run("BEGIN IMMEDIATE");
            if (TryRunAll())
            {
                Commit();
                return;
            }

            connection.RollBack();
            connection.Run("BEGIN IMMEDIATE");
            foreach (var item in _group)
            {
                RunInSavepoint(item);
            }

            Commit();
        }
        catch (CatalogException failure)
        {
            FailAll(failure);
        }
    }

    private bool TryRunAll()
    {
        foreach (var item in _group)
        {
            try
            {
                item.Run(connection);
            }
            catch (CatalogUnavailableException)
            {
                throw;
            }
            catch (Exception failure)
            {
                LogItemFailed(failure, _group.Count);
                if (_group.Count > 1)
                {
                    return false;
                }

                item.Error = failure;
                connection.RollBack();
                connection.Run("BEGIN IMMEDIATE");
            }
        }

        return true;
    }

    private void RunInSavepoint(WorkItem item)
    {
        connection.Run("SAVEPOINT item");
        try
        {
            item.Run(connection);
        }
        catch (CatalogUnavailableException)
        {
            throw;
        }
        catch (Exception failure)
        {
            item.Error = failure;
            connection.Run("ROLLBACK TO item");

            // Ranges of ids that an earlier item of the group reserved are lost with this one's; numbers may be left out.
            connection.ForgetUncommittedIds();
        }

        connection.Run("RELEASE item");
    }

    private void Commit()
    {
        try
        {
            connection.Run("COMMIT");
        }
        catch (CatalogUnavailableException failure)
        {
            throw new CatalogUnavailableException(failure.Message, outcomeUnknown: true, failure);
        }

        connection.KeepIds();
        Interlocked.Increment(ref _commits);
        Interlocked.Exchange(ref _changes, connection.TotalChanges);
    }

    private void FailAll(CatalogException failure)
    {
        LogGroupFailed(failure, _group.Count);
        foreach (var item in _group)
        {
            item.Error = failure;
        }

        try
        {
            connection.RollBack();
        }
        catch (CatalogException alsoFailed)
        {
            LogRollBackFailed(alsoFailed);
        }
    }

    private void RestartLog()
    {
        _restartLog = false;
        try
        {
            // The checkpointer has just written back nearly all of it; readers are short, and are waited for briefly.
            connection.Checkpoint(raw.SQLITE_CHECKPOINT_RESTART, busyTimeout: 100);
        }
        catch (CatalogException failure)
        {
            LogCheckpointFailed(failure);
        }
    }
}

using Microsoft.Extensions.Logging;

namespace Granary.Catalog.MariaDb;

/// <summary>One writing thread: one piece of work, one transaction.</summary>
/// <remarks>
/// 1. Run the work and commit.
/// 2. Another transaction was in the way (deadlock, also at COMMIT as Galera has it; a lock that took too long; a row that
///    is there by now): roll back and run the whole work again, after a wait that grows, for a bounded time.
/// 3. The connection was lost before COMMIT: the server rolls back. Run again on a new connection, once: the old one may
///    have been dead for long.
/// 4. The connection was lost at COMMIT: look at the marker before anything is repeated.
/// 5. The server is not reached: fail at once. The callers' clients repeat.
/// </remarks>
internal sealed partial class MariaDbWriter(MariaDbPool pool, WorkQueue queue, int index, ILogger<MariaDbWriter> logger)
{
    /// <summary>How long work is tried again that others are in the way of: longer than two waits for a lock.</summary>
    private static readonly TimeSpan RacePatience = TimeSpan.FromSeconds(12);

    /// <summary>How long the outcome of a commit is looked for.</summary>
    private static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan SettleRest = TimeSpan.FromMilliseconds(250);

    /// <summary>A duplicate that is still there after so many runs is no race.</summary>
    private const int MostDuplicates = 4;

    private static readonly TimeSpan ConnectionAge = TimeSpan.FromHours(1);

    private readonly List<WorkItem> _taken = [];
    private MariaDbConnection? _connection;
    private long _commits;
    private long _items;

    public long Commits => Interlocked.Read(ref _commits);

    public long Items => Interlocked.Read(ref _items);

    /// <summary>The thread's body; ends when the queue is closed and empty.</summary>
    public void Loop()
    {
        while (queue.Take(_taken, most: 1, takers: 1))
        {
            var item = _taken[0];
            _taken.Clear();
            if (!item.IsCancelled)
            {
                Run(item);
                Interlocked.Increment(ref _items);
            }

            item.Complete();
        }

        Close();
    }

    private void Run(WorkItem item)
    {
        var began = pool.Time.GetTimestamp();
        var duplicates = 0;
        var losses = 0;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                RunOnce(item);
                item.Error = null;
                return;
            }
            catch (CatalogRaceException race)
            {
                item.Error = new CatalogBusyException(race.Message, race);
            }
            catch (MariaDbException fault)
            {
                item.Error = fault.ToPublic();
                switch (fault.Kind)
                {
                    case MariaDbFaultKind.Race when fault.Number != MariaDbException.Duplicate || ++duplicates < MostDuplicates:
                        break;
                    case MariaDbFaultKind.Lost when _connection is { Committing: true } lost:
                        if (Settle(item, lost, fault))
                        {
                            return;
                        }

                        break;
                    case MariaDbFaultKind.Lost:
                        Discard();
                        if (++losses > 1)
                        {
                            return;
                        }

                        continue;
                    default:
                        LogFailed(fault);
                        RollBack();
                        return;
                }
            }
            catch (Exception failure)
            {
                item.Error = failure;
                RollBack();
                return;
            }

            RollBack();
            if (pool.IsStopping || pool.Time.GetElapsedTime(began) > RacePatience)
            {
                LogGivenUp(item.Error!, attempt);
                return;
            }

            // Grows from some milliseconds to a tenth of a second, and differs from thread to thread.
            pool.Rest(TimeSpan.FromMilliseconds(Math.Min(attempt * (2 + (index % 5)), 100)));
        }
    }

    private void RunOnce(WorkItem item)
    {
        if (_connection is { } old && pool.Time.GetElapsedTime(old.Opened) > ConnectionAge)
        {
            Close();
        }

        _connection ??= pool.Open(MariaDbRole.Writer);
        item.Run(_connection);
        _connection.Commit();
        Interlocked.Increment(ref _commits);
    }

    /// <summary>Step 4. True when the work is answered; false when it was not committed and may be run again.</summary>
    private bool Settle(WorkItem item, MariaDbConnection lost, MariaDbException fault)
    {
        LogOutcomeLost(fault);
        var marker = lost.Marker;
        Discard();
        var began = pool.Time.GetTimestamp();
        while (pool.Time.GetElapsedTime(began) < SettlePatience)
        {
            try
            {
                using var other = pool.Open(MariaDbRole.Writer);
                var outcome = marker.Settle(other);
                LogSettled(outcome);
                if (outcome == CommitOutcome.Committed)
                {
                    item.Error = null;
                    Interlocked.Increment(ref _commits);
                    return true;
                }

                item.Error = fault.ToPublic(outcomeUnknown: outcome == CommitOutcome.Unknown);
                return outcome == CommitOutcome.Unknown;
            }
            catch (CatalogException)
            {
                pool.Rest(SettleRest);
            }
        }

        item.Error = fault.ToPublic(outcomeUnknown: true);
        return true;
    }

    private void RollBack()
    {
        try
        {
            _connection?.RollBack();
        }
        catch (Exception)
        {
            // Whatever it is: a connection that cannot roll back is not used again.
            Discard();
        }
    }

    private void Discard()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private void Close()
    {
        try
        {
            _connection?.Marker.Remove(_connection);
        }
        catch (CatalogException)
        {
            // Removed after a week.
        }

        Discard();
    }

    [LoggerMessage(3032, LogLevel.Warning, "A write failed")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(3033, LogLevel.Warning, "A write was given up after {Attempts} runs: other transactions were in its way")]
    private partial void LogGivenUp(Exception failure, int attempts);

    [LoggerMessage(3034, LogLevel.Warning, "The connection was lost at a commit; its outcome is looked up")]
    private partial void LogOutcomeLost(Exception failure);

    [LoggerMessage(3035, LogLevel.Information, "The outcome of a commit whose answer was lost: {Outcome}")]
    private partial void LogSettled(CommitOutcome outcome);
}

namespace Granary.Catalog.MariaDb;

/// <summary>
/// One reading thread. Items that wait together share one snapshot, which begins with the first statement after all of them
/// were taken, so that each sees every write that was acknowledged before it was asked.
/// </summary>
internal sealed class MariaDbReader(MariaDbPool pool, WorkQueue queue, int readers)
{
    // More would let one slow listing hold up others that another thread could take.
    private const int MostPerSnapshot = 8;

    private readonly List<WorkItem> _group = [];
    private MariaDbConnection? _connection;

    /// <summary>The thread's body; ends when the queue is closed and empty.</summary>
    public void Loop()
    {
        while (queue.Take(_group, MostPerSnapshot, readers))
        {
            foreach (var item in _group)
            {
                if (!item.IsCancelled)
                {
                    Run(item);
                }

                item.Complete();
            }

            _group.Clear();
            EndSnapshot();
        }

        Discard();
    }

    private void Run(WorkItem item)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _connection ??= pool.Open(MariaDbRole.Reader);
                item.Run(_connection);
                item.Error = null;
                return;
            }
            catch (MariaDbException fault)
            {
                item.Error = fault.ToPublic();
                Discard();

                // The connection may have been dead for long, and a read may be repeated.
                if (fault.Kind is not (MariaDbFaultKind.Lost or MariaDbFaultKind.Race) || attempt > 1)
                {
                    return;
                }
            }
            catch (Exception failure)
            {
                item.Error = failure;
                return;
            }
        }
    }

    private void EndSnapshot()
    {
        try
        {
            _connection?.EndRead();
        }
        catch (MariaDbException)
        {
            Discard();
        }
    }

    private void Discard()
    {
        _connection?.Dispose();
        _connection = null;
    }
}

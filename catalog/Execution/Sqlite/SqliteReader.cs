namespace Granary.Catalog.Sqlite;

/// <summary>
/// One reading thread. Items that wait together share one snapshot, which begins after all of them were taken, so that
/// each sees every write that was acknowledged before it was asked.
/// </summary>
internal sealed class SqliteReader(SqliteConnection connection, WorkQueue queue, int readers)
{
    // More would let one slow listing hold up others that another thread could take.
    private const int MostPerSnapshot = 16;

    private readonly List<WorkItem> _group = [];

    /// <summary>The thread's body; ends when the queue is closed and empty.</summary>
    public void Loop()
    {
        while (queue.Take(_group, MostPerSnapshot, readers))
        {
            try
            {
                connection.Run("BEGIN");
                foreach (var item in _group)
                {
                    RunItem(item);
                }

                connection.Run("COMMIT");
            }
            catch (CatalogException failure)
            {
                Fail(failure);
            }

            _group.Clear();
        }
    }

    private void RunItem(WorkItem item)
    {
        if (!item.IsCancelled)
        {
            try
            {
                item.Run(connection);
            }
            catch (Exception failure)
            {
                item.Error = failure;
            }
        }

        item.Complete();
    }

    private void Fail(CatalogException failure)
    {
        foreach (var item in _group)
        {
            // Those that were answered already keep their answer.
            item.Error ??= failure;
            item.Complete();
        }

        try
        {
            connection.RollBack();
        }
        catch (CatalogException)
        {
            // The next BEGIN tells.
        }
    }
}

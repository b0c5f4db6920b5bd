namespace Granary.Catalog;

/// <summary>A bounded queue from which catalog threads take several items at once.</summary>
internal sealed class WorkQueue(string name, int limit)
{
    private readonly object _gate = new();
    private readonly Queue<WorkItem> _items = new();
    private int _waiting;
    private bool _closed;

    /// <summary>Items that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Adds an item.</summary>
    /// <exception cref="CatalogBusyException">The queue is full.</exception>
    /// <exception cref="CatalogUnavailableException">The catalog is closed.</exception>
    public void Add(WorkItem item)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new CatalogUnavailableException("The catalog is closed.");
            }

            if (_items.Count >= limit)
            {
                throw new CatalogBusyException($"The catalog's queue of {name} is full ({limit} wait).");
            }

            _items.Enqueue(item);
            if (_waiting > 0)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>
    /// Waits for work and moves some of it to <paramref name="taken"/>: at most <paramref name="most"/>, and no more than a
    /// fair share where several threads take.
    /// </summary>
    /// <returns>False when the queue is closed and empty.</returns>
    public bool Take(List<WorkItem> taken, int most, int takers)
    {
        lock (_gate)
        {
            while (_items.Count == 0)
            {
                if (_closed)
                {
                    return false;
                }

                _waiting++;
                Monitor.Wait(_gate);
                _waiting--;
            }

            var share = Math.Clamp((_items.Count + takers - 1) / takers, 1, most);
            while (share-- > 0 && _items.TryDequeue(out var item))
            {
                taken.Add(item);
            }

            return true;
        }
    }

    /// <summary>Refuses new items; what waits is still taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}

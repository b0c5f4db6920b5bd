namespace Granary.Catalog;

/// <summary>
/// A database under the catalog: the threads that take work from the two queues and run it. Work of the queue of writes is
/// completed after its durable commit; work of the queue of reads sees every write that was completed before it was queued.
/// </summary>
internal interface ICatalogEngine : IAsyncDisposable
{
    /// <summary>Commits so far.</summary>
    long Commits { get; }

    /// <summary>Pieces of work in them.</summary>
    long Items { get; }

    /// <summary>Whether pieces of work that wait together share a transaction; else each has its own.</summary>
    bool SharesTransactions { get; }

    /// <summary>Starts the threads. They end when both queues are closed and empty.</summary>
    void Start(WorkQueue writes, WorkQueue reads);
}

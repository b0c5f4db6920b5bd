namespace Granary.Catalog;

/// <summary>One piece of work that waits for a catalog thread, and whoever waits for it.</summary>
internal abstract class WorkItem(CancellationToken cancellationToken)
{
    /// <summary>The caller has gone before the work began.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    protected CancellationToken Token => cancellationToken;

    /// <summary>Why the work failed; null while it has not.</summary>
    public Exception? Error { get; set; }

    /// <summary>Does the work and keeps its result. May be called again after a rollback.</summary>
    public abstract void Run(CatalogSession session);

    /// <summary>Tells the caller: result, error or cancellation.</summary>
    public abstract void Complete();
}

/// <inheritdoc/>
internal sealed class WorkItem<T>(Func<CatalogSession, T> work, CancellationToken cancellationToken) : WorkItem(cancellationToken)
{
    // The caller's continuation must not run on a catalog thread.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private bool _done;

    public Task<T> Task => _completion.Task;

    public override void Run(CatalogSession session)
    {
        _done = false;
        session.BeginItem();
        _result = work(session);
        session.EndItem();
        _done = true;
    }

    public override void Complete()
    {
        if (Error is { } error)
        {
            _completion.TrySetException(error);
        }
        else if (_done)
        {
            _completion.TrySetResult(_result!);
        }
        else
        {
            _completion.TrySetCanceled(Token);
        }
    }
}

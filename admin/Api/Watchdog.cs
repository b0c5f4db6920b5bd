namespace Granary.Admin.Api;

/// <summary>Cancels when nothing has moved for a while; counts idle time, not total time.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly TimeSpan idle;
    private readonly CancellationTokenSource timer;
    private readonly CancellationTokenSource linked;

    /// <summary>Watches from now on.</summary>
    public Watchdog(TimeSpan idle, TimeProvider time, CancellationToken cancellationToken)
    {
        this.idle = idle;
        timer = new CancellationTokenSource(idle, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
    }

    /// <summary>Cancelled by the caller's token or by idleness.</summary>
    public CancellationToken Token => linked.Token;

    /// <summary>Whether it was idleness.</summary>
    public bool Expired => timer.IsCancellationRequested;

    /// <summary>Something moved.</summary>
    public void Touch() => timer.CancelAfter(idle);

    /// <inheritdoc />
    public void Dispose()
    {
        linked.Dispose();
        timer.Dispose();
    }
}

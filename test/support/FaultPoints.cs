using System.Diagnostics;
using Granary.GrainInterfaces.Diagnostics;

namespace Granary.TestSupport;

/// <summary>
/// Listens to the product's fault points inside the test's own process: an action there may throw, which is a fault at that
/// place, or wait, which stretches a race. Disposing it ends the listening.
/// </summary>
public sealed class FaultPoints : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly Action<string> _reached;
    private readonly IDisposable _all;
    private IDisposable? _points;

    /// <param name="reached">Called on the thread that reached a point, with its name.</param>
    public FaultPoints(Action<string> reached)
    {
        _reached = reached;
        _all = DiagnosticListener.AllListeners.Subscribe(this);
    }

    /// <summary>Throws once, the first time that a point is reached.</summary>
    public static FaultPoints ThrowOnce(string point, Exception fault)
    {
        var thrown = 0;
        return new FaultPoints(reached =>
        {
            if (reached == point && Interlocked.Exchange(ref thrown, 1) == 0)
                throw fault;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _points?.Dispose();
        _all.Dispose();
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (value.Name == FaultPoint.Source)
            _points = value.Subscribe(this);
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value) => _reached(value.Key);

    void IObserver<DiagnosticListener>.OnCompleted()
    {
    }

    void IObserver<DiagnosticListener>.OnError(Exception error)
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted()
    {
    }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error)
    {
    }
}

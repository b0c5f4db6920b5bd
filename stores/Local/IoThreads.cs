namespace Granary.Stores;

/// <summary>
/// A bounded set of threads for system calls that block: disk waits must not take threads from the pool that serves
/// requests. Threads start as they are needed and stay until the end.
/// </summary>
internal sealed class IoThreads(string name, int most) : IDisposable
{
    private const int StackBytes = 256 << 10;

    private readonly object _gate = new();
    private readonly Queue<IWork> _work = new();
    private readonly List<Thread> _threads = [];
    private int _idle;
    private bool _closed;

    private interface IWork
    {
        void Run();
    }

    /// <summary>Runs an action on one of the threads. Once begun it is not interrupted: it may be using the caller's memory.</summary>
    public Task<T> RunAsync<T>(Func<T> action, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return Task.FromCanceled<T>(ct);
        var work = new Work<T>(action, ct);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _work.Enqueue(work);
            if (_work.Count <= _idle)
            {
                Monitor.Pulse(_gate);
            }
            else if (_threads.Count < most)
            {
                var thread = new Thread(Loop, StackBytes) { IsBackground = true, Name = name };
                _threads.Add(thread);
                thread.UnsafeStart();
            }
        }

        return work.Task;
    }

    /// <summary>Finishes what was given, then ends the threads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
            thread.Join();
    }

    private void Loop()
    {
        while (true)
        {
            IWork work;
            lock (_gate)
            {
                while (_work.Count == 0)
                {
                    if (_closed)
                        return;
                    _idle++;
                    Monitor.Wait(_gate);
                    _idle--;
                }

                work = _work.Dequeue();
            }

            work.Run();
        }
    }

    private sealed class Work<T>(Func<T> action, CancellationToken ct) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IWork
    {
        public void Run()
        {
            if (ct.IsCancellationRequested)
            {
                TrySetCanceled(ct);
                return;
            }

            try
            {
                TrySetResult(action());
            }
#pragma warning disable CA1031 // Every failure belongs to the caller, never to the thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                TrySetException(e);
            }
        }
    }
}

using System.Diagnostics;

namespace Granary.Crash.Tests.Faults;

/// <summary>
/// Watches one life of the server from its first moment: what its plan or its own hook froze sleeps for a while and is woken
/// or killed; when the time under load is over, it is killed.
/// </summary>
internal sealed class Keeper : IDisposable
{
    private readonly int _process;
    private readonly FaultPlan _plan;
    private readonly CancellationTokenSource _given = new();
    private volatile Stopwatch? _load;

    public Keeper(int process, FaultPlan plan)
    {
        _process = process;
        _plan = plan;
        Dead = Task.Run(WatchAsync);
    }

    /// <summary>Completes when the server is dead.</summary>
    public Task Dead { get; }

    /// <summary>The times of the plan count from here.</summary>
    public void BeginLoad() => _load = Stopwatch.StartNew();

    public void Dispose()
    {
        _given.Cancel();
        _given.Dispose();
    }

    private async Task WatchAsync()
    {
        var stopping = _given.Token;
        var slept = 0L;
        var frozen = false;
        while (!stopping.IsCancellationRequested && Signals.State(_process) is { } state and not 'Z' and not 'X')
        {
            var loaded = _load?.ElapsedMilliseconds ?? 0;
            if (state is 'T' or 't')
            {
                await Task.Delay(_plan.Sleep, CancellationToken.None);
                slept += _load is null ? 0 : _plan.Sleep;
                if (_plan.KillFrozen)
                {
                    Signals.Kill(_process);
                }
                else
                {
                    Signals.Wake(_process);
                }
            }
            else if (loaded - slept > _plan.KillAfter)
            {
                Signals.Kill(_process);
            }
            else if (!frozen && loaded > _plan.FreezeAfter)
            {
                frozen = true;
                Signals.Freeze(_process);
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }
}

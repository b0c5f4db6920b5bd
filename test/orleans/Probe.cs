using System.Collections.Concurrent;

namespace Granary.OrleansTests;

/// <summary>What a test and the grain under test share outside of grain calls: both live in one process.</summary>
internal sealed class Probe
{
    private static readonly ConcurrentDictionary<string, Probe> All = new(StringComparer.Ordinal);
    private int _inside;

    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<string> Events { get; } = [];

    public int MostAtOnce { get; private set; }

    public object? Seen { get; set; }

    public static Probe For(string key) => All.GetOrAdd(key, _ => new Probe());

    public static string NewKey() => Guid.NewGuid().ToString("N");

    /// <summary>Counts how many are inside until the gate opens.</summary>
    public async Task PassGate()
    {
        var inside = Interlocked.Increment(ref _inside);
        lock (this)
            MostAtOnce = Math.Max(MostAtOnce, inside);
        Entered.TrySetResult();
        await Release.Task;
        Interlocked.Decrement(ref _inside);
    }

    public int Inside => Volatile.Read(ref _inside);
}

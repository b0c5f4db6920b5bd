using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Granary.CrashHook;

/// <summary>
/// Stops this process at chosen hits of chosen points: <c>point:hit:kill</c> or <c>point:hit:freeze</c>, several separated by
/// semicolons. Both are signals that no code can catch, sent on the thread that reached the point: it does not go on.
/// </summary>
internal sealed partial class PlannedFaults : IObserver<KeyValuePair<string, object?>>
{
    /// <summary>The environment variable that holds the plan.</summary>
    public const string Variable = "CRASH_PLAN";

    private const int Kill = 9;
    private const int Stop = 19;
    private readonly ConcurrentDictionary<string, int> _hits = new(StringComparer.Ordinal);
    private readonly (string Point, int Hit, bool Kills)[] _plan;

    public PlannedFaults(string plan) =>
        _plan = [.. plan.Split(';').Select(static fault => fault.Split(':')).Select(static parts =>
            (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2] == "kill"))];

    public void OnNext(KeyValuePair<string, object?> value)
    {
        var hit = _hits.AddOrUpdate(value.Key, 1, static (_, before) => before + 1);
        foreach (var (point, planned, kills) in _plan)
        {
            if (planned == hit && point == value.Key)
            {
                Console.Error.WriteLine($"fault: {point} {(kills ? "kill" : "freeze")}");
                _ = SendSignal(Environment.ProcessId, kills ? Kill : Stop);
            }
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

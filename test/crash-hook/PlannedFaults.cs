using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Granary.CrashHook;

/// <summary>
/// Stops this process at chosen hits of chosen points: <c>point:hit:kill</c> or <c>point:hit:freeze</c>, several separated by
/// semicolons. Both are signals that no code can catch, sent on the thread that reached the point: it does not go on. A plan
/// is given at the start, or put into a file while the process runs; then its hits count from there.
/// </summary>
internal sealed partial class PlannedFaults : IObserver<KeyValuePair<string, object?>>
{
    /// <summary>The environment variable that holds the plan.</summary>
    public const string Variable = "CRASH_PLAN";

    /// <summary>The environment variable that names the file of later plans. A plan that was taken is gone from there.</summary>
    public const string FileVariable = "CRASH_PLAN_FILE";

    private const int Kill = 9;
    private const int Stop = 19;
    private readonly string? _file;
    private volatile Plan _plan;

    public PlannedFaults(string? plan, string? file) => (_plan, _file) = (new Plan(plan), file);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (File.Exists(_file))
        {
            TakePlan(_file);
        }

        if (_plan.Decide(value.Key) is { } kills)
        {
            Console.Error.WriteLine($"fault: {value.Key} {(kills ? "kill" : "freeze")}");
            _ = SendSignal(Environment.ProcessId, kills ? Kill : Stop);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private void TakePlan(string file)
    {
        try
        {
            File.Move(file, file + ".taken", overwrite: true);
            _plan = new Plan(File.ReadAllText(file + ".taken"));
        }
        catch (FileNotFoundException)
        {
            // Another thread took it.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private sealed class Plan
    {
        private readonly ConcurrentDictionary<string, int> _hits = new(StringComparer.Ordinal);
        private readonly (string Point, int Hit, bool Kills)[] _faults;

        public Plan(string? text) => _faults = text is not { Length: > 0 } ? [] : [.. text.Split(';').Select(static fault => fault.Split(':')).Select(static parts =>
            (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2] == "kill"))];

        /// <summary>True: kill; false: freeze; null: go on.</summary>
        public bool? Decide(string point)
        {
            var hit = _hits.AddOrUpdate(point, 1, static (_, before) => before + 1);
            foreach (var (planned, at, kills) in _faults)
            {
                if (at == hit && planned == point)
                {
                    return kills;
                }
            }

            return null;
        }
    }
}

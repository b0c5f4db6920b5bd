using System.Diagnostics;
using System.Net;
using Granary.Crash.Tests.Faults;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// One silo of a test's cluster: a real process, started again when it ends by itself, as a cluster's controller would. What
/// is changed in its environment holds from its next start on.
/// </summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);
    private readonly Lock _gate = new();
    private readonly TempFolder _folder;
    private System.Diagnostics.Process? _process;
    private bool _wanted;

    /// <param name="name">Name of the silo.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="port">Of HTTP; those of silos and the internal one follow it.</param>
    /// <param name="folder">Where its data and its log are.</param>
    public SiloProcess(string name, IPAddress address, int port, TempFolder folder)
    {
        (Name, _folder) = (name, folder);
        Url = new Uri($"http://{address}:{port}/");
        Environment = new Dictionary<string, string>
        {
            ["GRANARY_DATA"] = Data,
            ["GRANARY_SILO_NAME"] = name,
            ["GRANARY_LISTEN"] = $"{address}",
            ["GRANARY_ADVERTISED_ADDRESS"] = $"{address}",
            ["GRANARY_PORT"] = $"{port}",
            ["GRANARY_SILO_PORT"] = $"{port + 1}",
            ["GRANARY_INTERNAL_PORT"] = $"{port + 2}",
            ["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Granary.CrashHook.dll"),
            ["CRASH_PLAN_FILE"] = _folder[$"{name}.plan"],
        };
    }

    /// <summary>Name of the silo.</summary>
    public string Name { get; }

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Its data folder.</summary>
    public string Data => _folder[Name];

    /// <summary>Variables of its next start.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>What stands before the program, such as the entry into a network namespace.</summary>
    public string[] Wrapper { get; init; } = [];

    /// <summary>How its lives ended so far, in order.</summary>
    public List<int> Ends { get; } = [];

    /// <summary>Its process; it changes with every start.</summary>
    public int Id => _process!.Id;

    /// <summary>True from its start on until it is told to stay away.</summary>
    public bool IsWanted
    {
        get
        {
            lock (_gate)
            {
                return _wanted;
            }
        }
    }

    /// <summary>True while its process runs, or is frozen.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>True when it is stopped by a signal.</summary>
    public bool IsFrozen => IsRunning && Signals.State(Id) is 'T' or 't';

    /// <summary>Everything it printed in all lives.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    /// <summary>The end of what it printed, for messages.</summary>
    public string LogEnd => $"{Name}: " + string.Join('\n', Log.Split('\n').TakeLast(15));

    private string LogFile => _folder[$"{Name}.log"];

    /// <summary>Starts it, and again whenever it ends.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _wanted = true;
            Launch();
        }
    }

    /// <summary>SIGTERM, and it stays away.</summary>
    /// <returns>How it ended.</returns>
    public async Task<int> StopAsync()
    {
        System.Diagnostics.Process? process;
        lock (_gate)
        {
            _wanted = false;
            process = _process;
        }

        if (process is null)
        {
            return 0;
        }

        Repository.Run("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync().WithinAsync($"{Name} stops", StopLimit);
        return process.ExitCode;
    }

    /// <summary>When it ends, it stays away.</summary>
    public void StopRestarting()
    {
        lock (_gate)
        {
            _wanted = false;
        }
    }

    /// <summary>Ends it; it is started again.</summary>
    public void Kill() => Signals.Kill(Id);

    /// <summary>Asks it to stop; it is started again.</summary>
    public void Terminate() => Repository.Run("kill", ["-TERM", $"{Id}"]);

    /// <summary>Freezes it.</summary>
    public void Freeze() => Signals.Freeze(Id);

    /// <summary>Lets it go on.</summary>
    public void Wake() => Signals.Wake(Id);

    /// <summary>Has it stopped at the next hits of a point: <c>point:hit:kill</c> or <c>point:hit:freeze</c>.</summary>
    public void Arm(string plan)
    {
        var file = Environment["CRASH_PLAN_FILE"];
        File.WriteAllText(file + ".new", plan);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Takes a plan back that was not reached.</summary>
    public void Disarm() => Arm("");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _wanted = false;
        }

        if (IsRunning)
        {
            Signals.Kill(Id);
            await _process!.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private void Launch()
    {
        string[] command = [.. Wrapper, "dotnet", Path.Combine(AppContext.BaseDirectory, "granary-silo.dll"), "serve"];

        // The shell opens the log and becomes the program: one process id from beginning to end.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", LogFile, .. command]) { UseShellExecute = false };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("GRANARY_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        var process = _process = System.Diagnostics.Process.Start(start)!;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _ = AgainAsync(process);
    }

    private async Task AgainAsync(System.Diagnostics.Process ended)
    {
        await Task.Delay(RestartDelay);
        lock (_gate)
        {
            Ends.Add(ended.ExitCode);
            if (_wanted && ended == _process)
            {
                Launch();
            }
        }
    }
}

using System.Diagnostics;
using Granary.Silo.Processes;

namespace Granary.Silo.LocalCluster;

/// <summary>
/// A program that this one started and ends: in a session of its own, so that Ctrl-C reaches it through us alone; its talk
/// goes to a log.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    // The shell opens the log and becomes setsid, which becomes the program: one process id from beginning to end.
    private const string Redirect = "log=$1; shift; exec setsid \"$@\" </dev/null >>\"$log\" 2>&1";

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>How it ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>True once it ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Ends when the process does.</summary>
    public Task Exited => _process.WaitForExitAsync();

    /// <summary>Starts a program.</summary>
    /// <param name="log">File that its talk is added to.</param>
    /// <param name="program">Path or name.</param>
    /// <param name="arguments">Its arguments; never a secret.</param>
    /// <param name="environment">Variables laid over this process' own; null removes one.</param>
    public static ChildProcess Start(string log, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        var start = new ProcessStartInfo("/bin/sh", ["-c", Redirect, "sh", log, program, .. arguments]) { UseShellExecute = false };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        return new ChildProcess(Process.Start(start) ?? throw new IOException($"{program} could not be started."));
    }

    /// <summary>Asks it to stop, waits, and kills it when it does not.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time)
    {
        if (_process.HasExited)
        {
            return;
        }

        Daemon.AskToStop(new ProcessIdentity(_process.Id, 0));
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}

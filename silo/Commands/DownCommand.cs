using Granary.Silo.Data;
using Granary.Silo.Processes;

namespace Granary.Silo.Commands;

/// <summary><c>down</c>: asks the server on a data folder to stop, and waits until it has let go of it.</summary>
internal static class DownCommand
{
    /// <summary>Longer than the server's own limit for a clean stop.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(CommandLine command, TimeProvider time)
    {
        var root = ServerSettings.DataFolder(command);
        if (!DataFolder.IsHeld(root))
        {
            await Console.Error.WriteLineAsync($"No granary runs on {root}.");
            return ExitCode.Done;
        }

        // The lock says that somebody runs; the pid file, checked against the process' start time, says who.
        if (DataFolder.ReadHolder(root) is not { } holder)
        {
            await Console.Error.WriteLineAsync($"Something holds {root}, but {DataFolder.PidFile(root)} does not say which process; stop it by hand.");
            return ExitCode.Failed;
        }

        Daemon.AskToStop(holder);
        await Console.Error.WriteLineAsync($"Stopping granary (process {holder.Id}) on {root} ...");
        var started = time.GetTimestamp();
        while (holder.IsAlive && time.GetElapsedTime(started) < LongestWait)
        {
            await Task.Delay(Interval, time);
        }

        if (holder.IsAlive)
        {
            await Console.Error.WriteLineAsync($"Process {holder.Id} has not stopped after {LongestWait.TotalSeconds:0} s.");
            return ExitCode.Failed;
        }

        await Console.Error.WriteLineAsync("Stopped.");
        return ExitCode.Done;
    }
}

using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>
/// Waits for the end of a run and shows how far it is: one line that is written over on a terminal, a line every few
/// seconds elsewhere. Interrupting it leaves the run alone.
/// </summary>
internal static class RunWatcher
{
    private const string ClearLine = "\r\u001b[K";

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <summary>The run when it has ended, or was paused by somebody.</summary>
    public static async Task<MaintenanceRun> WaitAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var terminal = session.Terminal.ErrorIsTerminal && !session.Quiet;
        var pause = FirstLook;
        var said = session.Time.GetTimestamp();
        try
        {
            while (true)
            {
                var run = await session.Client.GetAsync<MaintenanceRun>(RunView.Target(id), cancellationToken);
                if (run.HasEnded || run.State == "paused")
                    return run;
                if (terminal)
                {
                    session.Terminal.Error.Write(ClearLine + RunView.Progress(session.Show, run));
                }
                else if (session.Time.GetElapsedTime(said) >= LineInterval)
                {
                    session.Say(RunView.Progress(session.Show, run));
                    said = session.Time.GetTimestamp();
                }

                await Task.Delay(pause, session.Time, cancellationToken);
                pause = pause * 2 < LongestLook ? pause * 2 : LongestLook;
            }
        }
        finally
        {
            if (terminal)
                session.Terminal.Error.Write(ClearLine);
        }
    }

    /// <summary>What a script learns of a run's end.</summary>
    public static int CodeOf(MaintenanceRun run) => run.State == "done" ? ExitCode.Done : ExitCode.Incomplete;
}

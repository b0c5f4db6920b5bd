using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance show RUN.</summary>
internal static class RunShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var id = RunView.Id();
        var wait = new Option<bool>("--wait") { Description = "Wait for its end; exit 1 when something could not be satisfied" };
        return new Command("show", "Show a run: tasks, progress, rate, findings").With(id, wait).Does(runner, async (session, cancellationToken) =>
        {
            var run = session.Value(wait)
                ? await RunWatcher.WaitAsync(session, session.Value(id)!, cancellationToken)
                : await session.Client.GetAsync<MaintenanceRun>(RunView.Target(session.Value(id)!), cancellationToken);
            RunView.Print(session, run);
            return session.Value(wait) ? RunWatcher.CodeOf(run) : ExitCode.Done;
        });
    }
}

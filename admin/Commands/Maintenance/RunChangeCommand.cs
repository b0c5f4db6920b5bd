using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance pause, resume, cancel RUN.</summary>
internal static class RunChangeCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner, string verb, string description)
    {
        var id = RunView.Id();
        return new Command(verb, description).With(id).Does(runner, async (session, cancellationToken) =>
        {
            var target = RunView.Target(session.Value(id)!);
            var run = await session.Client.SendAsync<JsonObject, MaintenanceRun>(HttpMethod.Post, $"{target}/{verb}", [], cancellationToken)
                ?? await session.Client.GetAsync<MaintenanceRun>(target, cancellationToken);
            session.Printer.Event(run, RunView.Progress(session.Show, run));
            return ExitCode.Done;
        });
    }
}

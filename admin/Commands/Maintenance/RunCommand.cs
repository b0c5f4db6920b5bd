using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance run.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var scope = new Option<string?>("--scope") { Description = "Only the policies of this scope", HelpName = "SCOPE" };
        var store = new Option<string?>("--store") { Description = "Only what concerns this store", HelpName = "STORE" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done" };
        var keepSource = new Option<bool>("--keep-source") { Description = "Copy where it would move: nothing is released" };
        var wait = new Option<bool>("--wait") { Description = "Wait for its end; exit 1 when something could not be satisfied" };
        return new Command("run", "Start a run: expire, collect, make policies true, verify, sweep")
            .With(scope, store, dryRun, keepSource, wait)
            .Does(runner, async (session, cancellationToken) =>
            {
                session.Scope = session.Value(scope);
                var request = new StartRun(
                    session.Value(scope), session.Value(store), session.Value(dryRun) ? true : null, session.Value(keepSource) ? true : null);
                var started = await session.Client.SendAsync<StartRun, RunStarted>(HttpMethod.Post, RunView.Root, request, cancellationToken)
                    ?? throw new UnexpectedAnswerException("The server did not say which run it started.");
                if (!session.Value(wait))
                {
                    session.Printer.Event(started, $"run {started.Id} started; 'granary maintenance show {started.Id}' shows how far it is");
                    return ExitCode.Done;
                }

                session.Say($"run {started.Id} started; 'granary maintenance pause {started.Id}' stops it for a while.");
                var run = await RunWatcher.WaitAsync(session, started.Id, cancellationToken);
                RunView.Print(session, run);
                return RunWatcher.CodeOf(run);
            });
    }
}

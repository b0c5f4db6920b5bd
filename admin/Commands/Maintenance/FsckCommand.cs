using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>fsck: checks the catalog against itself and the stores, and prints what differs.</summary>
internal static class FsckCommand
{
    private const string Target = "/api/v1/fsck";

    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var repair = new Option<bool>("--repair") { Description = "Put right what differs, where that is possible" };
        var data = new Option<bool>("--data") { Description = "Also read and hash every copy" };
        var scope = new Option<string?>("--scope") { Description = "Only this scope, and the stores it uses", HelpName = "SCOPE" };
        return new Command("fsck", "Recount references and space, compare copies with stores; exit 1 if anything differs (operators)")
            .With(repair, data, scope)
            .Does(runner, async (session, cancellationToken) =>
            {
                session.Scope = session.Value(scope);
                var request = new StartFsck(session.Value(scope), session.Value(data), session.Value(repair));
                var started = await session.Client.SendAsync<StartFsck, RunStarted>(HttpMethod.Post, Target, request, cancellationToken)
                    ?? throw new UnexpectedAnswerException("The server did not say which run it started.");
                var run = await RunWatcher.WaitAsync(session, started.Id, cancellationToken);
                var differences = await PrintFindingsAsync(session, run, cancellationToken);
                session.Say(Summary(run, differences));
                return run.State == "done" && differences == 0 ? ExitCode.Done : ExitCode.Incomplete;
            });
    }

    private static async Task<long> PrintFindingsAsync(Session session, MaintenanceRun run, CancellationToken cancellationToken)
    {
        var differences = 0L;
        var table = RunView.Findings();
        await foreach (var page in session.Client.PagesAsync<MaintenanceFinding>(RunView.Target(run.Id) + "/findings", "", cancellationToken))
        {
            differences += page.Count(static finding => finding.Kind is "error" or "repaired");
            if (page.Count > 0)
                session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return Math.Max(differences, run.Errors);
    }

    private static string Summary(MaintenanceRun run, long differences) => run.State switch
    {
        "done" when differences == 0 => $"fsck: {Show.Count(run.DoneChunks)} chunks and copies checked, nothing differs.",
        "done" => $"fsck: {Show.Count(run.DoneChunks)} chunks and copies checked, {Show.Count(differences)} differed and were put right.",
        "failed" => $"fsck: {Show.Count(run.DoneChunks)} chunks and copies checked, {Show.Count(differences)} differ, {Show.Count(run.Errors)} of them not put right.",
        _ => $"fsck: the run is {run.State}; 'granary maintenance show {run.Id}' says how far it got.",
    };
}

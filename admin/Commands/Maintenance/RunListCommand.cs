using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance list.</summary>
internal static class RunListCommand
{
    private const int Newest = 50;

    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var all = new Option<bool>("--all") { Description = $"All runs that are kept, not only the newest {Newest}" };
        return new Command("list", "List runs, newest first; they are kept for 30 days").With(all).Does(runner, async (session, cancellationToken) =>
        {
            var table = RunView.List(session.Show);
            await foreach (var page in session.Client.PagesAsync<MaintenanceRun>(RunView.Root, session.Value(all) ? "" : $"limit={Newest}", cancellationToken))
            {
                session.Printer.Rows(table, page);
                session.Terminal.FlushPage();
                if (!session.Value(all))
                    break;
            }

            return ExitCode.Done;
        });
    }
}

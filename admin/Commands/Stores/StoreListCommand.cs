using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store list.</summary>
internal static class StoreListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner) => new Command("list", "List the stores").Does(runner, async (session, cancellationToken) =>
    {
        var table = StoreView.List(session.Show);
        await foreach (var page in session.Client.PagesAsync<FileStore>(StoreView.Root, "", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    });
}

using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope list, which is also ls without an argument.</summary>
internal static class ScopeListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner) =>
        new Command("list", "List the scopes of the tenant").Does(runner, ListAsync);

    /// <summary>Prints all scopes.</summary>
    public static async Task<int> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var table = ScopeView.List(session.Show);
        await foreach (var page in session.Client.PagesAsync<Scope>("/api/v1/scopes", "", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    }
}

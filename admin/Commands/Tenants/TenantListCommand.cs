using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant list.</summary>
internal static class TenantListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner) => new Command("list", "List the tenants").Does(runner, async (session, cancellationToken) =>
    {
        var table = TenantView.List(session.Show);
        await foreach (var page in session.Client.PagesAsync<Tenant>(TenantView.Root, "", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    });
}

using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key list.</summary>
internal static class KeyListCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner) => new Command("list", "List the keys of the tenant, without secrets").Does(runner, async (session, cancellationToken) =>
    {
        var table = KeyView.List();
        await foreach (var page in session.Client.PagesAsync<ApiKey>(KeyView.Root, "", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    });
}

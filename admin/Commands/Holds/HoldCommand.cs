using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Holds;

/// <summary>hold SCOPE:/PATH: puts a file under legal hold. hold SCOPE: lists what is held.</summary>
internal static class HoldCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file, also a deleted one; SCOPE: lists the files that are held", HelpName = "SCOPE:/PATH" };
        var reason = new Option<string?>("--reason") { Description = "Why, for people", HelpName = "TEXT" };
        return new Command("hold", "Put a file under legal hold: none of its versions is removed. A whole scope: 'scope edit --legal-hold'")
            .With(source, reason)
            .Does(runner, async (session, cancellationToken) =>
            {
                var place = RemotePath.Parse(session.Value(source)!);
                session.Scope = place.Scope;
                if (place.Path.Length == 0)
                    return await ListAsync(session, place.Scope, cancellationToken);
                if (place.IsFolder)
                    throw new UsageException($"{place} is a folder; a hold is on one file, or on a scope by 'granary scope edit {place.Scope} --legal-hold'.");
                var hold = await session.Client.SendAsync<HoldRequest, FileHold>(
                    HttpMethod.Put, HoldView.Target(place), new HoldRequest(session.Value(reason)), cancellationToken);
                if (hold is not null)
                    session.Printer.Event(hold, $"{Show.Name(place.ToString())} is under legal hold since {Show.Time(hold.Since)}.");
                return ExitCode.Done;
            });
    }

    private static async Task<int> ListAsync(Session session, string scope, CancellationToken cancellationToken)
    {
        var table = new Table<FileHold>(
            new Column<FileHold>("SINCE", hold => Show.Time(hold.Since)),
            new Column<FileHold>("BY", hold => Show.Name(hold.By ?? Show.None)),
            new Column<FileHold>("REASON", hold => Show.Name(hold.Reason ?? Show.None)),
            new Column<FileHold>("PATH", hold => Show.Name(hold.Path)));
        await foreach (var page in session.Client.PagesAsync<FileHold>(HoldView.List(scope), "", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    }
}

using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>versions SOURCE: the kept versions of a file, deletions too.</summary>
internal static class VersionsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file, also a deleted one", HelpName = "SCOPE:/PATH" };
        return new Command("versions", "List the kept versions of a file, deletions too")
            .With(source)
            .Does(runner, (session, cancellationToken) => RunAsync(session, RemotePath.Parse(session.Value(source)!), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, RemotePath place, CancellationToken cancellationToken)
    {
        session.Scope = place.Scope;
        if (place.IsFolder)
            throw new UsageException($"{place} is a folder; versions are of one file.");
        var table = new Table<FileVersion>(
            new Column<FileVersion>("VERSION", item => Show.Number(item.Version), Right: true),
            new Column<FileVersion>("SIZE", item => item.Deleted ? Show.None : session.Show.Size(item.Size), Right: true),
            new Column<FileVersion>("MODIFIED", item => Show.Time(item.Modified)),
            new Column<FileVersion>("COMMITTED", item => Show.Time(item.Committed)),
            new Column<FileVersion>("LEGAL HOLD", item => item.LegalHold ?? Show.None),
            new Column<FileVersion>("ETAG", item => item.Deleted ? "(deleted)" : item.Etag ?? Show.None));
        await foreach (var page in session.Client.PagesAsync<FileVersion>(RequestTarget.File(place.Scope, place.Path), "versions", cancellationToken))
        {
            session.Printer.Rows(table, page);
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    }
}

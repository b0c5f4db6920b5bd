using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>
/// restore SCOPE:/PATH --version N: makes an earlier version the current one, as a new version. `restore FILE`, of a
/// catalog backup, is the server's own verb: the launcher gives it everything that is not SCOPE:/PATH.
/// </summary>
internal static class RestoreCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file, also a deleted one", HelpName = "SCOPE:/PATH" };
        var version = new Option<long>("--version") { Description = "The version to bring back; 'granary versions' lists them", HelpName = "N", Required = true };
        return new Command("restore", "Bring back an earlier version of a file, as a new version")
            .With(source, version)
            .Does(runner, (session, cancellationToken) => RunAsync(session, session.Value(source)!, session.Value(version), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string source, long version, CancellationToken cancellationToken)
    {
        if (!RemotePath.TryParse(source, out var place))
            throw new UsageException($"'{source}' is not SCOPE:/PATH. To restore a catalog backup, stop the server and run 'granary restore FILE' with no option before the file.");
        session.Scope = place.Scope;
        if (place.IsFolder)
            throw new UsageException($"{place} is a folder; restore takes one file.");
        var stored = await session.Client.SendAsync<RestoreRequest, StoredFile>(
            HttpMethod.Post, $"/api/v1/scopes/{RequestTarget.Segment(place.Scope)}/files:restore", new RestoreRequest(place.Path, version), cancellationToken);
        if (stored is not null)
            session.Printer.Event(stored, $"{Show.Name(place.ToString())}: version {version} is back as version {stored.Version}.");
        return ExitCode.Done;
    }
}

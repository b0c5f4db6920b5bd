using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Changes;

/// <summary>watch SCOPE: prints changes as they happen.</summary>
internal static class WatchCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var scope = new Argument<string>("SCOPE") { Description = "The scope", HelpName = "SCOPE" };
        var since = new Option<long?>("--since") { Description = "Begin after this change; 0 for all that are kept [default: from now on]", HelpName = "N" };
        var prefix = new Option<string?>("--prefix") { Description = "Only paths that begin so", HelpName = "PATH" };
        return new Command("watch", "Print the changes of a scope as they happen, also over lost connections")
            .With(scope, since, prefix)
            .Does(runner, (session, cancellationToken) =>
                RunAsync(session, session.Value(scope)!, session.Value(since), session.Value(prefix), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string scope, long? since, string? prefix, CancellationToken cancellationToken)
    {
        if (since < 0)
            throw new UsageException("--since is a change's number, 0 or more.");
        session.Scope = scope;
        var stream = new ChangeStream(session.Client.Server, session.Time, reason => session.Say($"granary: connecting again: {reason}."));
        await foreach (var change in stream.FollowAsync(scope, since, prefix, cancellationToken))
        {
            session.Printer.Event(change, Sentence(session.Show, change));
            session.Terminal.FlushPage();
        }

        return ExitCode.Done;
    }

    private static string Sentence(Show show, Change change)
    {
        var path = change.OldPath is { } old ? $"{Show.Name(old)} -> {Show.Name(change.Path)}" : Show.Name(change.Path);
        var size = change.Type == "deleted" ? "" : $", {show.Size(change.Size)}";
        return $"{Show.Number(change.Sequence)}  {Show.Time(change.Time)}  {change.Type}  {path}  (version {Show.Number(change.Version)}{size}, by {Show.Name(change.By ?? Show.None)})";
    }
}

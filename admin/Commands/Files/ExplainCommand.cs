using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>explain SOURCE: the chunks of a file, their copies, and why each is where it is.</summary>
internal static class ExplainCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file", HelpName = "SCOPE:/PATH" };
        var version = FileOptions.Version("A version other than the current one");
        return new Command("explain", "Show where every chunk of a file is, why, and what refers to it")
            .With(source, version)
            .Does(runner, (session, cancellationToken) => RunAsync(session, RemotePath.Parse(session.Value(source)!), session.Value(version), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, RemotePath place, long? version, CancellationToken cancellationToken)
    {
        session.Scope = place.Scope;
        if (place.IsFolder)
            throw new UsageException($"{place} is a folder; explain takes one file.");
        var explanation = await session.Client.ExplainAsync(place.Scope, place.Path, version, cancellationToken);
        session.Printer.Record(
            explanation,
            ("path", Show.Name(place.ToString())),
            ("version", Show.Number(explanation.Version)),
            ("chunks", Show.Count(explanation.Chunks.Count)),
            ("size", session.Show.Size(explanation.Chunks.Sum(chunk => chunk.Size))));
        foreach (var chunk in explanation.Chunks)
            session.Printer.Detail(Heading(session, chunk), Copies(), chunk.Copies ?? []);
        return explanation.Chunks.All(chunk => chunk.Copies is { } copies && copies.Any(copy => copy.Readable)) ? ExitCode.Done : Unreadable(session);
    }

    private static string Heading(Session session, ExplainedChunk chunk)
    {
        var others = chunk.OtherReferences is { } other ? $", {Show.Count(other)} from other scopes" : "";
        return $"chunk {chunk.Index}: {chunk.Sha256}, {session.Show.Size(chunk.Size)}, references: {Show.Count(chunk.References)} from this scope{others}";
    }

    private static Table<ExplainedCopy> Copies() => new(
        new Column<ExplainedCopy>("  STORE", copy => "  " + copy.Store),
        new Column<ExplainedCopy>("STATE", copy => copy.State),
        new Column<ExplainedCopy>("READABLE", copy => Show.YesNo(copy.Readable)),
        new Column<ExplainedCopy>("WHY", copy => copy.Reason ?? Show.None));

    private static int Unreadable(Session session)
    {
        session.Warn("granary: at least one chunk has no copy that this scope can read.");
        return ExitCode.Incomplete;
    }
}

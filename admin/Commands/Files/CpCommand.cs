using System.CommandLine;
using Granary.Admin.CommandLine;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>cp SOURCE TARGET: copies files inside Granary.</summary>
internal static class CpCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SOURCE") { Description = "A file, or a folder with -r", HelpName = "SOURCE" };
        var target = new Argument<string>("TARGET") { Description = "Where to; a target that ends in / is a folder", HelpName = "TARGET" };
        var recursive = FileOptions.Recursive("Take everything below SOURCE to below TARGET");
        var jobs = FileOptions.Jobs();
        return new Command("cp", "Copy files inside Granary; no bytes are sent where the target scope can read them")
            .With(source, target, recursive, jobs)
            .Does(runner, (session, cancellationToken) => new CopyWork(session, move: false, session.Value(jobs)).RunAsync(
                RemotePath.Parse(session.Value(source)!), RemotePath.Parse(session.Value(target)!), session.Value(recursive), cancellationToken));
    }
}

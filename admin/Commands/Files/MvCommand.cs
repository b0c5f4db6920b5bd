using System.CommandLine;
using Granary.Admin.CommandLine;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>mv SOURCE TARGET: moves files inside Granary.</summary>
internal static class MvCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SOURCE") { Description = "A file, or a folder with -r", HelpName = "SOURCE" };
        var target = new Argument<string>("TARGET") { Description = "Where to; a target that ends in / is a folder", HelpName = "TARGET" };
        var recursive = FileOptions.Recursive("Take everything below SOURCE to below TARGET");
        var jobs = FileOptions.Jobs();
        return new Command("mv", "Move files inside Granary; across scopes it copies, then deletes")
            .With(source, target, recursive, jobs)
            .Does(runner, (session, cancellationToken) => new CopyWork(session, move: true, session.Value(jobs)).RunAsync(
                RemotePath.Parse(session.Value(source)!), RemotePath.Parse(session.Value(target)!), session.Value(recursive), cancellationToken));
    }
}

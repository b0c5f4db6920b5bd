using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Holds;

/// <summary>unhold SCOPE:/PATH: ends the legal hold of a file.</summary>
internal static class UnholdCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file that is held", HelpName = "SCOPE:/PATH" };
        return new Command("unhold", "End the legal hold of a file; the versions that retention does not keep go")
            .With(source)
            .Does(runner, async (session, cancellationToken) =>
            {
                var place = RemotePath.Parse(session.Value(source)!);
                session.Scope = place.Scope;
                if (place.IsFolder)
                    throw new UsageException($"{place} is a folder; a hold is on one file.");
                await session.Client.DeleteAsync(HoldView.Target(place), null, cancellationToken);
                session.Printer.Event(new Deleted("hold", place.ToString()), $"{Show.Name(place.ToString())} is no longer under legal hold.");
                return ExitCode.Done;
            });
    }
}

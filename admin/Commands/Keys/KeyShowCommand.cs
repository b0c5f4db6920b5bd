using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key show ID.</summary>
internal static class KeyShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var id = new Argument<string>("ID") { Description = "Id of the key, or its start", HelpName = "ID" };
        return new Command("show", "Show a key, without its secret")
            .With(id)
            .Does(runner, async (session, cancellationToken) =>
            {
                KeyView.Print(session, await KeyView.FindAsync(session, session.Value(id)!, cancellationToken));
                return ExitCode.Done;
            });
    }
}

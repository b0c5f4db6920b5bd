using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Keys;

/// <summary>key delete ID.</summary>
internal static class KeyDeleteCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var id = new Argument<string>("ID") { Description = "Id of the key, or its start", HelpName = "ID" };
        return new Command("delete", "Delete a key; it stops working at once")
            .With(id)
            .Does(runner, async (session, cancellationToken) =>
            {
                var key = await KeyView.FindAsync(session, session.Value(id)!, cancellationToken);
                await session.Client.DeleteAsync($"{KeyView.Root}/{RequestTarget.Segment(key.Id)}", null, cancellationToken);
                session.Printer.Event(new Deleted("key", key.Id), $"deleted key {key.Id} ({Show.Name(key.Name)})");
                return ExitCode.Done;
            });
    }
}

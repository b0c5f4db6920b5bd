using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope detach SCOPE STORE.</summary>
internal static class ScopeDetachCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var (scope, store) = (ScopeOptions.Name(), AttachmentOptions.Store());
        return new Command("detach", "Stop a scope from using a store; refused while something is only there")
            .With(scope, store)
            .Does(runner, async (session, cancellationToken) =>
            {
                var (from, what) = (session.Value(scope)!, session.Value(store)!);
                await session.Client.DeleteAsync(ScopeView.Target(from, what), null, cancellationToken);
                session.Printer.Event(new Deleted("attachment", $"{from}/{what}", "detached"), $"detached {what} from {from}");
                return ExitCode.Done;
            });
    }
}

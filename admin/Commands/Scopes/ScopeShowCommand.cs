using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope show SCOPE: limits, usage, and the table of its stores.</summary>
internal static class ScopeShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = ScopeOptions.Name();
        return new Command("show", "Show a scope: limits, usage, and its stores with priorities, policy, chunks and bytes")
            .With(name)
            .Does(runner, async (session, cancellationToken) =>
            {
                ScopeView.Print(session, await session.Client.GetAsync<Scope>(ScopeView.Target(session.Value(name)!), cancellationToken));
                return ExitCode.Done;
            });
    }
}

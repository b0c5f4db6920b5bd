using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope delete SCOPE.</summary>
internal static class ScopeDeleteCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = ScopeOptions.Name();
        var (force, yes) = Deletion.Options("Delete also its files and all their versions, in the background");
        return new Command("delete", "Delete an empty scope")
            .With(name, force, yes)
            .Does(runner, (session, cancellationToken) => Deletion.RunAsync(
                session, "scope", session.Value(name)!, ScopeView.Target(session.Value(name)!), session.Value(force), session.Value(yes), cancellationToken));
    }
}

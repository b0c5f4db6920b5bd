using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant delete NAME.</summary>
internal static class TenantDeleteCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = TenantOptions.Name();
        var (force, yes) = Deletion.Options("Delete also its scopes, files and keys, in the background");
        return new Command("delete", "Delete a tenant that has no scopes")
            .With(name, force, yes)
            .Does(runner, (session, cancellationToken) => Deletion.RunAsync(
                session, "tenant", session.Value(name)!, TenantView.Target(session.Value(name)!), session.Value(force), session.Value(yes), cancellationToken));
    }
}

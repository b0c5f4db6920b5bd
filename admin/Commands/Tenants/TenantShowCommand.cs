using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant show NAME.</summary>
internal static class TenantShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = TenantOptions.Name();
        return new Command("show", "Show a tenant: limits, usage, stores")
            .With(name)
            .Does(runner, async (session, cancellationToken) =>
            {
                TenantView.Print(session, await session.Client.GetAsync<Tenant>(TenantView.Target(session.Value(name)!), cancellationToken));
                return ExitCode.Done;
            });
    }
}

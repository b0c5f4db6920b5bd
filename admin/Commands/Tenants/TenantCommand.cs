using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant: isolation and billing.</summary>
internal static class TenantCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("tenant", "Customers, kept apart from each other (operators)").With(
        TenantCreateCommand.Create(runner), TenantListCommand.Create(runner), TenantShowCommand.Create(runner),
        TenantEditCommand.Create(runner), TenantDeleteCommand.Create(runner));
}

using System.CommandLine;
using Granary.Admin.Commands.Changes;
using Granary.Admin.Commands.Cluster;
using Granary.Admin.Commands.Completion;
using Granary.Admin.Commands.Files;
using Granary.Admin.Commands.Holds;
using Granary.Admin.Commands.Keys;
using Granary.Admin.Commands.Maintenance;
using Granary.Admin.Commands.Scopes;
using Granary.Admin.Commands.Stores;
using Granary.Admin.Commands.Tenants;
using Granary.Admin.Commands.Webhooks;

namespace Granary.Admin.CommandLine;

/// <summary>All commands, in the order of the help page. Only those that a command line can mean are built.</summary>
internal static class CommandTree
{
    private static readonly IReadOnlyList<(string Name, Func<Runner, Command> Create)> All =
    [
        ("put", PutCommand.Create),
        ("get", GetCommand.Create),
        ("cat", CatCommand.Create),
        ("ls", LsCommand.Create),
        ("rm", RmCommand.Create),
        ("cp", CpCommand.Create),
        ("mv", MvCommand.Create),
        ("stat", StatCommand.Create),
        ("versions", VersionsCommand.Create),
        ("restore", RestoreCommand.Create),
        ("explain", ExplainCommand.Create),
        ("hold", HoldCommand.Create),
        ("unhold", UnholdCommand.Create),
        ("watch", WatchCommand.Create),
        ("scope", ScopeCommand.Create),
        ("store", StoreCommand.Create),
        ("tenant", TenantCommand.Create),
        ("key", KeyCommand.Create),
        ("maintenance", MaintenanceCommand.Create),
        ("fsck", FsckCommand.Create),
        ("webhook", WebhookCommand.Create),
        ("cluster", ClusterCommand.Create),
        ("health", HealthCommand.Create),
        ("completion", CompletionCommand.Create),
    ];

    /// <summary>The root with the commands whose names are among <paramref name="arguments"/>, or with all when none is.</summary>
    public static RootCommand Build(Runner runner, IReadOnlyCollection<string> arguments)
    {
        var root = new RootCommand("Stores files in Granary and looks after the cluster.") { HelpName = "granary" };
        foreach (var option in GlobalOptions.All)
            root.Options.Add(option);
        // Building every command costs a third of the time of a short one; a name that is only an argument does no harm.
        var named = All.Where(command => arguments.Contains(command.Name)).ToList();
        foreach (var (_, create) in named.Count > 0 ? named : All)
            root.Subcommands.Add(create(runner));
        HelpWithExitCodes.Install(root);
        return root;
    }
}

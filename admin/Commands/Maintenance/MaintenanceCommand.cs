using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance: runs that make policies true, and how they are set.</summary>
internal static class MaintenanceCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("maintenance", "Runs that make policies true, collect, verify and sweep (operators)").With(
        RunCommand.Create(runner), RunListCommand.Create(runner), RunShowCommand.Create(runner),
        RunChangeCommand.Create(runner, "pause", "Pause a run; the step that is under way ends and counts"),
        RunChangeCommand.Create(runner, "resume", "Let a paused run go on where it stopped"),
        RunChangeCommand.Create(runner, "cancel", "End a run for good; what it did stays done"),
        SettingsCommand.Create(runner));
}

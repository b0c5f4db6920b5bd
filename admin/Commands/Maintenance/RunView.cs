using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>How runs look.</summary>
internal static class RunView
{
    /// <summary>The list of runs.</summary>
    public const string Root = "/api/v1/maintenance/runs";

    /// <summary>Where a run is.</summary>
    public static string Target(string run) => $"{Root}/{RequestTarget.Segment(run)}";

    /// <summary>The id of a run.</summary>
    public static Argument<string> Id() => new("run") { Description = "Id of the run, as 'maintenance list' shows it", HelpName = "RUN" };

    /// <summary>A list of runs.</summary>
    public static Table<MaintenanceRun> List(Show show) => new(
        new Column<MaintenanceRun>("RUN", run => run.Id, Right: true),
        new Column<MaintenanceRun>("KIND", run => run.DryRun ? $"{run.Kind} (dry)" : run.Kind),
        new Column<MaintenanceRun>("BY", run => run.Trigger),
        new Column<MaintenanceRun>("STATE", run => run.State),
        new Column<MaintenanceRun>("CHUNKS", run => Of(Show.Count(run.DoneChunks), Show.Count(run.TotalChunks)), Right: true),
        new Column<MaintenanceRun>("BYTES", run => Of(show.Size(run.DoneBytes), show.Size(run.TotalBytes)), Right: true),
        new Column<MaintenanceRun>("ERRORS", run => Show.Count(run.Errors), Right: true),
        new Column<MaintenanceRun>("STARTED", run => Show.Time(run.Started)),
        new Column<MaintenanceRun>("ENDED", run => Show.Time(run.Ended)));

    /// <summary>Prints one run with its tasks and first findings.</summary>
    public static void Print(Session session, MaintenanceRun run)
    {
        var show = session.Show;
        session.Printer.Record(
            run,
            ("run", run.Id),
            ("kind", run.Kind),
            ("state", run.State),
            ("triggered by", run.Trigger),
            ("asked for by", run.By ?? Show.None),
            ("limited to", Show.List(new[] { run.Tenant, run.Scope, run.Store }.OfType<string>())),
            ("dry run", Show.YesNo(run.DryRun)),
            ("chunks", Of(Show.Count(run.DoneChunks), Show.Count(run.TotalChunks))),
            ("bytes", Of(show.Size(run.DoneBytes), show.Size(run.TotalBytes))),
            ("rate", $"{show.Size(run.BytesPerSecond ?? 0)}/s"),
            ("errors", Show.Count(run.Errors)),
            ("findings", Show.Count(run.Findings)),
            ("created", Show.Time(run.Created)),
            ("started", Show.Time(run.Started)),
            ("ended", Show.Time(run.Ended)));
        session.Printer.Detail("tasks", Tasks(show), run.Tasks ?? []);
        if (run.FirstFindings is { Count: > 0 } findings)
        {
            session.Printer.Detail("findings", Findings(), findings);
            if (run.Findings > findings.Count)
                session.Say($"{Show.Count(run.Findings - findings.Count)} more findings; the API lists them at {Root}/{run.Id}/findings.");
        }
    }

    /// <summary>What a run found.</summary>
    public static Table<MaintenanceFinding> Findings() => new(
        new Column<MaintenanceFinding>("FINDING", finding => finding.Kind),
        new Column<MaintenanceFinding>("CODE", finding => finding.Code),
        new Column<MaintenanceFinding>("MESSAGE", finding => finding.Message));

    /// <summary>One line about how far a run is.</summary>
    public static string Progress(Show show, MaintenanceRun run)
    {
        var errors = run.Errors > 0 ? $", {Show.Count(run.Errors)} errors" : "";
        var waiting = run.Tasks?.FirstOrDefault(static task => task is { State: "running", Waiting: not null })?.Waiting is { } reason ? $" ({reason})" : "";
        return $"run {run.Id} {run.State}: {Of(Show.Count(run.DoneChunks), Show.Count(run.TotalChunks))} chunks, "
            + $"{Of(show.Size(run.DoneBytes), show.Size(run.TotalBytes))}, {show.Size(run.BytesPerSecond ?? 0)}/s{errors}{waiting}";
    }

    private static Table<MaintenanceTask> Tasks(Show show) => new(
        new Column<MaintenanceTask>("TASK", task => Show.Number(task.Number), Right: true),
        new Column<MaintenanceTask>("KIND", task => task.Kind),
        new Column<MaintenanceTask>("OF", task => Show.List(new[] { task.Tenant, task.Scope, task.Store }.OfType<string>())),
        new Column<MaintenanceTask>("STATE", task => task.Waiting is { } waiting && task.State == "running" ? $"waiting: {waiting}" : task.State),
        new Column<MaintenanceTask>("CHUNKS", task => Of(Show.Count(task.DoneChunks), Show.Count(task.TotalChunks)), Right: true),
        new Column<MaintenanceTask>("BYTES", task => Of(show.Size(task.DoneBytes), show.Size(task.TotalBytes)), Right: true),
        new Column<MaintenanceTask>("RATE", task => $"{show.Size(task.BytesPerSecond)}/s", Right: true),
        new Column<MaintenanceTask>("ERRORS", task => Show.Count(task.Errors), Right: true));

    private static string Of(string done, string total) => $"{done} of {total}";
}

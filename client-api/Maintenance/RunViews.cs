using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Maintenance;

/// <summary>A run as lists show it, with the sums of its tasks.</summary>
internal sealed record RunSummary(
    string Id, string Kind, string Trigger, string State, string? Tenant, string? Scope, string? Store, bool DryRun, bool KeepSource, bool Data, bool Repair,
    string By, DateTimeOffset Created, DateTimeOffset? Started, DateTimeOffset? Ended, long TaskCount, long TasksEnded,
    long DoneChunks, long TotalChunks, long DoneBytes, long TotalBytes, long Errors, long Findings);

/// <summary>A run with its tasks and its first findings.</summary>
internal sealed record RunView(
    string Id, string Kind, string Trigger, string State, string? Tenant, string? Scope, string? Store, bool DryRun, bool KeepSource, bool Data, bool Repair,
    string By, DateTimeOffset Created, DateTimeOffset? Started, DateTimeOffset? Ended,
    long DoneChunks, long TotalChunks, long DoneBytes, long TotalBytes, long BytesPerSecond, long Errors, long Findings,
    IReadOnlyList<RunTaskView> Tasks, IReadOnlyList<RunFindingView> FirstFindings);

/// <summary>
/// One task. Totals are null before it was measured; the rate counts its steps and rests, not the time that it was paused.
/// </summary>
internal sealed record RunTaskView(
    int Number, string Kind, string State, string? Tenant, string? Scope, string? Store, long DoneChunks, long? TotalChunks, long DoneBytes, long? TotalBytes,
    long Errors, long BytesPerSecond, string? Waiting, DateTimeOffset? Started, DateTimeOffset? Ended);

/// <summary>One finding.</summary>
internal sealed record RunFindingView(
    long Number, int Task, string Kind, string Code, string Message, string? Chunk, string? Store, string? Scope, string? Location, DateTimeOffset Time);

/// <summary>Answer to a request for a run.</summary>
internal sealed record RunStarted(string Id);

/// <summary>Puts the views together: names instead of ids, words instead of numbers.</summary>
internal static class RunNaming
{
    /// <summary>A run for lists.</summary>
    public static RunSummary Summary(Topology topology, RunInfo run) => new(
        run.Id.ToString(), Word(run.Kind), Word(run.Trigger), Word(run.State), Tenant(topology, run.Tenant), Scope(topology, run.Scope), Store(topology, run.Store),
        run.DryRun, run.KeepSource, run.Data, run.Repair, run.Actor, run.Created, run.Started, run.Ended, run.Tasks, run.TasksEnded,
        run.DoneChunks, run.TotalChunks, run.DoneBytes, run.TotalBytes, run.Errors, run.Findings);

    /// <summary>A run with everything.</summary>
    public static RunView View(Topology topology, RunDetails details, IReadOnlyList<RunFinding> findings)
    {
        var run = details.Run;
        RunTaskView[] tasks = [.. details.Tasks.Select(task => Task(topology, task))];
        return new RunView(
            run.Id.ToString(), Word(run.Kind), Word(run.Trigger), Word(run.State), Tenant(topology, run.Tenant), Scope(topology, run.Scope), Store(topology, run.Store),
            run.DryRun, run.KeepSource, run.Data, run.Repair, run.Actor, run.Created, run.Started, run.Ended,
            run.DoneChunks, run.TotalChunks, run.DoneBytes, run.TotalBytes, tasks.Where(static task => task.State == "running").Sum(static task => task.BytesPerSecond),
            run.Errors, run.Findings, tasks, [.. findings.Select(finding => Finding(topology, finding))]);
    }

    /// <summary>A finding.</summary>
    public static RunFindingView Finding(Topology topology, RunFinding found)
    {
        var finding = found.Finding;
        return new RunFindingView(
            found.Number, found.Task, Word(finding.Kind), finding.Code, finding.Message, finding.Chunk?.ToString(), Store(topology, finding.Store),
            Scope(topology, finding.Scope), finding.Location?.ToString(), found.Time);
    }

    /// <summary>A value of an enumeration as the API writes it: camelCase.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum
    {
        var text = value.ToString();
        return char.ToLowerInvariant(text[0]) + text[1..];
    }

    private static RunTaskView Task(Topology topology, MaintenanceTaskRow task) => new(
        task.Task, Word(task.Kind), Word(task.State), Tenant(topology, task.Tenant), Scope(topology, task.Scope), Store(topology, task.Store),
        task.DoneChunks, task.TotalChunks, task.DoneBytes, task.TotalBytes, task.Failed,
        task.WorkedMilliseconds > 0 ? task.DoneBytes * 1000 / task.WorkedMilliseconds : 0, task.Waiting, task.Started, task.Ended);

    // What has gone since is still named, by its id.
    private static string? Tenant(Topology topology, TenantId? id) => id is { } known ? topology.Tenant(known)?.Name ?? $"~{known}" : null;

    private static string? Scope(Topology topology, ScopeId? id) => id is { } known ? topology.Scope(known)?.Name ?? $"~{known}" : null;

    private static string? Store(Topology topology, StoreId? id) => id is { } known ? topology.Store(known)?.Name ?? $"~{known}" : null;
}

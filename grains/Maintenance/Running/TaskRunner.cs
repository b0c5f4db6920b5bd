using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Does steps of runs for the maintenance grains: picks the most urgent task that can go on, does one bounded step of it and
/// saves it, here or on the silo that is best placed for it. Keeps nothing: the rows say where every task is.
/// </summary>
internal sealed partial class TaskRunner(
    RunCatalog runs, TopologyCache topology, TaskWakes wakes, StepPlaces places, IEnumerable<IMaintenanceTask> tasks, TimeProvider time, ILogger<TaskRunner> logger)
    : IRunSteps, IDisposable
{
    // Beyond these all of an owner's tasks wait, or there are so many that the next step looks again.
    private const int MostLookedAt = 64;

    private readonly StepMeter _meter = new();
    private readonly Dictionary<MaintenanceTaskKind, IMaintenanceTask> _tasks = tasks.ToDictionary(static task => task.Kind);
    private readonly ILogger _logger = logger;

    /// <summary>One step of one task of an owner.</summary>
    /// <returns>Busy with the rest that follows; idle, with a delay where a task waits for a time.</returns>
    public async Task<WorkUnit> RunStepAsync(RunTaskOwner owner, TaskRests rests, CancellationToken cancellationToken)
    {
        // 1. The most urgent task that need not wait.
        var open = await runs.NextTasksAsync(owner, MostLookedAt, cancellationToken);
        if (open.Count == 0)
        {
            return WorkUnit.Idle;
        }

        var now = time.GetUtcNow();
        if (open.FirstOrDefault(row => DueOf(row, rests) <= now) is not { } task)
        {
            return WorkUnit.Waiting(open.Min(row => DueOf(row, rests)) - now);
        }

        // 2. Done where it is best done. A rest is kept by whoever schedules.
        var step = await places.TryElsewhereAsync(task, cancellationToken) ?? await RunHereAsync(task, cancellationToken);
        if (step.HasEnded)
        {
            rests.Remove(task.Run, task.Task);
        }
        else
        {
            rests.Set(task.Run, task.Task, time.GetUtcNow() + step.Rest);
        }

        return WorkUnit.Busy(step.Chunks, step.Bytes) with { Delay = step.Rest > TaskPacing.LongestRest ? TaskPacing.LongestRest : step.Rest };
    }

    /// <inheritdoc/>
    public async Task<RunStepDone> RunHereAsync(long run, int task, long version, CancellationToken cancellationToken) =>
        await runs.FindOpenTaskAsync(run, task, version, cancellationToken) is { } row ? await RunHereAsync(row, cancellationToken) : RunStepDone.Stale;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private async Task<RunStepDone> RunHereAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        // 1. What it concerns may have gone; a task that nobody can do ends too. What was made a moment ago is not in the
        //    cache yet, so that is looked up before it is believed.
        if (Obstacle(await topology.GetAsync(cancellationToken), task) is not null && Obstacle(await topology.RefreshAsync(cancellationToken), task) is { } obstacle)
        {
            await SaveAsync(task, new TaskStep(null, 0, 0, [new TaskFinding(FindingKind.Info, "gone", obstacle)]), TimeSpan.Zero, cancellationToken);
            return new RunStepDone(0, 0, TimeSpan.Zero, HasEnded: true);
        }

        // 2. How much is due is asked once, before the first step.
        var settings = await runs.GetSettingsAsync(cancellationToken);
        var started = time.GetTimestamp();
        var step = task.TotalChunks is null ? await MeasureAsync(task, cancellationToken) : await StepAsync(task, settings, cancellationToken);
        if (step is null)
        {
            return RunStepDone.Stale;
        }

        // 3. Saved with the time it took and the rest that follows, so that the rate is what an operator sees.
        step = GiveUpInTime(task, step);
        var took = time.GetElapsedTime(started);
        var rest = TaskPacing.RestAfter(task, settings, step.Bytes, took);
        FaultPoint.Reached("run.step");
        var saved = await SaveAsync(task, step, took + rest, cancellationToken);
        _meter.Done(task.Kind, step.Bytes);
        return new RunStepDone(step.Chunks, step.Bytes, rest, HasEnded: saved is null or { State: not RunTaskState.Running });
    }

    private static DateTimeOffset DueOf(MaintenanceTaskRow task, TaskRests rests)
    {
        var rest = rests.Until(task.Run, task.Task);
        return rest > task.Due ? rest : task.Due;
    }

    private string? Obstacle(Topology current, MaintenanceTaskRow task) => task switch
    {
        { Scope: { } scope } when current.Scope(scope) is not { State: ScopeState.Active } => $"Scope {scope} exists no more.",
        { Store: { } store } when current.Store(store) is not { State: StoreState.Active } => $"Store {store} exists no more.",
        { Tenant: { } tenant } when current.Tenant(tenant) is null => $"Tenant {tenant} exists no more.",
        _ when !_tasks.ContainsKey(task.Kind) => $"This server cannot do {task.Kind}.",
        _ => null,
    };

    private async Task<TaskStep?> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        try
        {
            var totals = await _tasks[task.Kind].MeasureAsync(task, cancellationToken);
            await runs.MeasuredAsync(task, totals, cancellationToken);
            return null;
        }
        catch (Exception failure) when (IsStepFailure(failure, cancellationToken))
        {
            return Failed(task, failure);
        }
    }

    private async Task<TaskStep> StepAsync(MaintenanceTaskRow task, MaintenanceSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return await _tasks[task.Kind].StepAsync(task, new TaskContext(TaskPacing.Of(task.Kind, settings)), cancellationToken);
        }
        catch (Exception failure) when (IsStepFailure(failure, cancellationToken))
        {
            return Failed(task, failure);
        }
    }

    private static bool IsStepFailure(Exception failure, CancellationToken cancellationToken) =>
        failure is not OutOfMemoryException && !cancellationToken.IsCancellationRequested;

    private TaskStep Failed(MaintenanceTaskRow task, Exception failure)
    {
        LogStepFailed(failure, task.Run, task.Task, task.Kind);
        var waited = task.WaitingSince is { } since ? time.GetUtcNow() - since : TimeSpan.Zero;
        var reason = failure is ChunkStoreException or CatalogException ? failure.Message : $"A step failed: {failure.Message}";
        return new TaskStep(task.Cursor, 0, 0, [], TaskPacing.RetryAfter(waited)) { Waiting = reason };
    }

    private TaskStep GiveUpInTime(MaintenanceTaskRow task, TaskStep step)
    {
        if (step.RetryAfter is null || step.Chunks > 0 || task.WaitingSince is not { } since
            || time.GetUtcNow() - since is var waited && waited < TaskPacing.Patience(task.Trigger))
        {
            return step;
        }

        var reason = step.Waiting ?? task.Waiting ?? "Nothing was possible.";
        LogGivenUp(task.Run, task.Task, task.Kind, waited, reason);
        return step with
        {
            Cursor = null,
            RetryAfter = null,
            Findings = [.. step.Findings, new TaskFinding(FindingKind.Error, "given-up", reason, null, task.Store, task.Scope)],
        };
    }

    private async Task<MaintenanceTaskRow?> SaveAsync(MaintenanceTaskRow task, TaskStep step, TimeSpan worked, CancellationToken cancellationToken)
    {
        var saved = await runs.SaveStepAsync(task, step, worked, cancellationToken);
        if (saved.PhaseEnded)
        {
            await wakes.WakeRunAsync(task.Run, cancellationToken);
        }

        if (saved.RunState is RunState.Done or RunState.Failed)
        {
            LogRunEnded(task.Run, saved.RunState);
        }

        return saved.Task;
    }
}

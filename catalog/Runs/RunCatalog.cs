using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Maintenance runs: created with all their tasks, worked on step by step by maintenance grains, shown to operators. A step
/// counts once, whatever dies and however many activations try it: its row says which step was saved last.
/// </summary>
public sealed class RunCatalog(CatalogDatabase database)
{
    /// <summary>How long an ended run is kept.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    /// <summary>How long an ended run is kept that followed uploads and found nothing: there are many of them.</summary>
    public static readonly TimeSpan RoutineRetention = TimeSpan.FromDays(1);

    private static readonly Sql SelectQueued = new("SELECT SUM(COALESCE(total_chunks, 0) - done_chunks) FROM run_task WHERE is_open = 1");

    /// <summary>Chunks that the open tasks of all runs still have before them, as far as they were measured: what workers are scaled by.</summary>
    public Task<long> QueuedChunksAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(static session => Math.Max(0, session.Scalar(SelectQueued) ?? 0), cancellationToken);

    /// <summary>Creates a run that was asked for; the same key gives the same run.</summary>
    public async Task<CreatedResult<long>> CreateAsync(NewRun run, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(
                session,
                run.Tenant ?? OperationCatalog.NoTenant,
                operation,
                () => new AdminOutcome(AdminStatus.Accepted, Id: RunTable.Create(session, run).ToString())),
            cancellationToken);
        return outcome.ToCreated(static id => id);
    }

    /// <summary>
    /// Creates a run, unless an equal one waits that has not begun: that one will see everything this one would. A run that
    /// has begun may have passed what changed, so it does not count.
    /// </summary>
    /// <returns>The run that will do it.</returns>
    public Task<long> CreateUnlessWaitingAsync(NewRun run, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunTable.FindWaiting(session, run) ?? RunTable.Create(session, run), cancellationToken);

    /// <summary>
    /// Creates the scheduled run when its time has come, and says when the next one is due: whichever silo asks first does
    /// it, once. A time that passed while nothing ran is made up for, once.
    /// </summary>
    /// <param name="due">Says what is due now, given the settings; null for nothing.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    /// <returns>The runs that were created.</returns>
    public Task<IReadOnlyList<long>> CreateScheduledAsync(Func<MaintenanceSettings, DateTimeOffset, ScheduledRuns?> due, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Schedule(session, due), cancellationToken);

    /// <summary>Tasks that a grain can work on, urgent ones first; those that wait for a time are among them.</summary>
    public Task<IReadOnlyList<MaintenanceTaskRow>> NextTasksAsync(RunTaskOwner owner, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunTaskTable.Next(session, owner, limit), cancellationToken);

    /// <summary>A task that can be worked on, if it is at a version; else null.</summary>
    public Task<MaintenanceTaskRow?> FindOpenTaskAsync(long run, int task, long version, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunTaskTable.FindOpen(session, run, task, version), cancellationToken);

    /// <summary>Grains that have something to do in a run that is neither paused nor ended.</summary>
    /// <param name="run">Only of this run; null for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<RunTaskOwner>> OwnersAsync(long? run, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunTaskTable.Owners(session, run), cancellationToken);

    /// <summary>Records what a task found to be due, before its first step.</summary>
    /// <returns>The row as it is now; null when somebody else was faster.</returns>
    public Task<MaintenanceTaskRow?> MeasuredAsync(MaintenanceTaskRow task, TaskTotals totals, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunTaskTable.Measured(session, task, totals), cancellationToken);

    /// <summary>Saves a step: cursor, counters and findings, in one transaction. Ends the task, its phase and its run where it was the last.</summary>
    /// <param name="task">The row that the step was begun on.</param>
    /// <param name="step">What it did.</param>
    /// <param name="worked">How long it took, with the rest that follows.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    public Task<StepSaved> SaveStepAsync(MaintenanceTaskRow task, TaskStep step, TimeSpan worked, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunSteps.Save(session, task, step, worked), cancellationToken);

    /// <summary>Stops a run until it is resumed; the step that is under way ends and counts.</summary>
    public Task<AdminResult> PauseAsync(long run, CancellationToken cancellationToken) =>
        ChangeAsync(run, RunState.Running, RunState.Paused, cancellationToken);

    /// <summary>Lets a paused run go on where it stopped.</summary>
    public Task<AdminResult> ResumeAsync(long run, CancellationToken cancellationToken) =>
        ChangeAsync(run, RunState.Paused, RunState.Running, cancellationToken);

    /// <summary>Ends a run for good. What it did stays done.</summary>
    public Task<AdminResult> CancelAsync(long run, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunTable.Cancel(session, run), cancellationToken);

    /// <summary>Runs, newest first.</summary>
    /// <param name="before">Runs with smaller ids; null from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<RunInfo>> ListAsync(long? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunTable.List(session, before, limit), cancellationToken);

    /// <summary>A run with its tasks; null when there is none.</summary>
    public Task<RunDetails?> FindAsync(long run, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunTable.FindDetails(session, run), cancellationToken);

    /// <summary>What a run found, in order.</summary>
    /// <param name="run">The run.</param>
    /// <param name="after">Findings with greater numbers; 0 from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<RunFinding>> FindingsAsync(long run, long after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RunFindings.List(session, run, after, limit), cancellationToken);

    /// <summary>Removes a page of what ended runs left behind when their time has passed.</summary>
    /// <returns>Rows removed; 0 when nothing is due.</returns>
    public Task<int> PruneAsync(int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunTable.Prune(session, limit), cancellationToken);

    /// <summary>How maintenance is set.</summary>
    public Task<MaintenanceSettings> GetSettingsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(MaintenanceSettingsTable.Read, cancellationToken);

    /// <summary>Changes how maintenance is set; takes effect with the next step of every task.</summary>
    /// <param name="change">From the settings as they are; may run twice.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    public Task<MaintenanceSettings> UpdateSettingsAsync(Func<MaintenanceSettings, MaintenanceSettings> change, CancellationToken cancellationToken) =>
        database.WriteAsync(session => MaintenanceSettingsTable.Update(session, change), cancellationToken);

    private static IReadOnlyList<long> Schedule(CatalogSession session, Func<MaintenanceSettings, DateTimeOffset, ScheduledRuns?> due)
    {
        var settings = MaintenanceSettingsTable.Read(session);
        if (due(settings, session.Now) is not { } scheduled)
        {
            return [];
        }

        MaintenanceSettingsTable.SaveNext(session, scheduled.NextDaily, scheduled.NextScrub);

        // A slow scrub may well last until the next: it goes on instead.
        return [.. scheduled.Runs
            .Where(run => run.Kind != RunKind.Scrub || !RunTable.IsOpen(session, run.Kind))
            .Select(run => RunTable.FindWaiting(session, run) ?? RunTable.Create(session, run))];
    }

    private Task<AdminResult> ChangeAsync(long run, RunState from, RunState to, CancellationToken cancellationToken) =>
        database.WriteAsync(session => RunTable.Change(session, run, from, to), cancellationToken);
}

using Granary.GrainInterfaces;
using Granary.TestSupport;

namespace Granary.Catalog.Tests;

/// <summary>Runs: what is shown is what was saved, once, with the work itself (G8).</summary>
public abstract class RunSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private RunCatalog Runs => field ??= new RunCatalog(World.Database);

    [SuiteFact]
    [Trait("Behaviour", "G8")]
    public async Task A_step_that_two_activations_did_counts_once()
    {
        var run = await CreateAsync(Collect());
        var seen = await NextAsync();
        var first = await Runs.SaveStepAsync(seen, Step("a", 3, 30), TimeSpan.FromSeconds(1), default);
        var second = await Runs.SaveStepAsync(seen, Step("a", 3, 30), TimeSpan.FromSeconds(1), default);
        Assert.NotNull(first.Task);
        Assert.Null(second.Task);
        var shown = (await Runs.FindAsync(run, default))!;
        Assert.Equal((3, 30, "a"), (shown.Run.DoneChunks, shown.Run.DoneBytes, shown.Tasks[0].Cursor));
        Assert.Equal(1_000, shown.Tasks[0].WorkedMilliseconds);
    }

    [SuiteFact]
    [Trait("Behaviour", "D24")]
    [Trait("Behaviour", "D26")]
    public async Task Tasks_of_a_later_phase_begin_when_the_earlier_ones_have_ended()
    {
        var run = await CreateAsync(Collect(), new NewRunTask(MaintenanceTaskKind.Verify, 2, Store: World.Store), new NewRunTask(MaintenanceTaskKind.Sweep, 2, Store: World.Store));
        Assert.Empty(await Runs.NextTasksAsync(RunTaskOwner.Of(World.Store), 10, default));
        Assert.Equal([RunTaskOwner.Of(World.Tenant)], await Runs.OwnersAsync(run, default));
        Assert.True((await EndAsync(await NextAsync())).PhaseEnded);
        var stores = await Runs.NextTasksAsync(RunTaskOwner.Of(World.Store), 10, default);
        Assert.Equal([MaintenanceTaskKind.Verify, MaintenanceTaskKind.Sweep], stores.Select(static task => task.Kind));
        Assert.Equal(RunState.Running, (await EndAsync(stores[0])).RunState);
        Assert.Equal(RunState.Done, (await EndAsync(stores[1])).RunState);
        var shown = (await Runs.FindAsync(run, default))!.Run;
        Assert.Equal((RunState.Done, 3L, 3L), (shown.State, shown.Tasks, shown.TasksEnded));
        Assert.NotNull(shown.Started);
        Assert.NotNull(shown.Ended);
        Assert.Empty(await Runs.OwnersAsync(null, default));
    }

    [SuiteFact]
    [Trait("Behaviour", "D25")]
    [Trait("Behaviour", "O2")]
    public async Task A_run_with_an_error_has_failed_and_says_which_chunk_and_why()
    {
        var run = await CreateAsync(Collect());
        var chunk = CatalogWorld.Hash("x");
        await Runs.SaveStepAsync(
            await NextAsync(),
            new TaskStep(null, 1, 5, [
                new TaskFinding(FindingKind.Kept, "kept", "Another scope needs it."),
                new TaskFinding(FindingKind.Error, "no-target", "Nowhere to go.", chunk, World.Store, World.Scope, new LocationId(7))]),
            TimeSpan.Zero,
            default);
        var shown = (await Runs.FindAsync(run, default))!;
        Assert.Equal((RunState.Failed, 1L, 2L), (shown.Run.State, shown.Run.Errors, shown.Run.Findings));
        Assert.Equal(RunTaskState.Failed, shown.Tasks[0].State);
        var findings = await Runs.FindingsAsync(run, 0, 10, default);
        Assert.Equal([FindingKind.Kept, FindingKind.Error], findings.Select(static found => found.Finding.Kind));
        Assert.Equal(
            new TaskFinding(FindingKind.Error, "no-target", "Nowhere to go.", chunk, World.Store, World.Scope, new LocationId(7)), findings[1].Finding);
        Assert.Equal([2L], (await Runs.FindingsAsync(run, 1, 10, default)).Select(static found => found.Number));
    }

    [SuiteFact]
    public async Task A_passed_limit_comes_before_what_somebody_waits_for_before_the_schedule_before_scrub()
    {
        var tasks = new[] { new NewRunTask(MaintenanceTaskKind.ShrinkStore, 0, Store: World.Store) };
        var scrub = await Runs.CreateAsync(new NewRun { Trigger = RunTrigger.Operator, Kind = RunKind.Scrub, Tasks = [new NewRunTask(MaintenanceTaskKind.Scrub, 0, Store: World.Store)] }, null, default);
        var scheduled = await Runs.CreateAsync(new NewRun { Trigger = RunTrigger.Schedule, Tasks = tasks }, null, default);
        var asked = await Runs.CreateAsync(new NewRun { Trigger = RunTrigger.Operator, Tasks = tasks }, null, default);
        var limit = await Runs.CreateAsync(new NewRun { Trigger = RunTrigger.Limit, Tasks = tasks }, null, default);
        var order = await Runs.NextTasksAsync(RunTaskOwner.Of(World.Store), 10, default);
        Assert.Equal([limit.Id!.Value, asked.Id!.Value, scheduled.Id!.Value, scrub.Id!.Value], order.Select(static task => task.Run));
    }

    [SuiteFact]
    [Trait("Behaviour", "G8")]
    public async Task A_paused_run_gives_no_work_and_the_step_under_way_counts()
    {
        var run = await CreateAsync(Collect());
        var seen = await NextAsync();
        Assert.Equal(AdminStatus.Done, (await Runs.PauseAsync(run, default)).Status);
        Assert.Equal(AdminStatus.Done, (await Runs.PauseAsync(run, default)).Status);
        Assert.Empty(await Runs.NextTasksAsync(RunTaskOwner.Of(World.Tenant), 10, default));
        Assert.Equal(RunState.Paused, (await Runs.SaveStepAsync(seen, Step("a", 2, 20), TimeSpan.Zero, default)).RunState);
        Assert.Equal(2, (await Runs.FindAsync(run, default))!.Run.DoneChunks);
        Assert.Equal(AdminStatus.Done, (await Runs.ResumeAsync(run, default)).Status);
        var resumed = await NextAsync();
        Assert.Equal(("a", 2L), (resumed.Cursor, resumed.DoneChunks));
    }

    [SuiteFact]
    [Trait("Behaviour", "G8")]
    public async Task A_cancelled_run_ends_at_once_and_what_was_done_stays_counted()
    {
        var run = await CreateAsync(Collect());
        var seen = await NextAsync();
        Assert.Equal(AdminStatus.Done, (await Runs.CancelAsync(run, default)).Status);
        await Runs.SaveStepAsync(seen, Step("a", 2, 20), TimeSpan.Zero, default);
        var shown = (await Runs.FindAsync(run, default))!;
        Assert.Equal((RunState.Cancelled, 2L, RunTaskState.Cancelled), (shown.Run.State, shown.Run.DoneChunks, shown.Tasks[0].State));
        Assert.Empty(await Runs.NextTasksAsync(RunTaskOwner.Of(World.Tenant), 10, default));
        Assert.Equal(AdminStatus.Conflict, (await Runs.ResumeAsync(run, default)).Status);
        Assert.Equal(AdminStatus.Done, (await Runs.CancelAsync(run, default)).Status);
        Assert.Equal(AdminStatus.NotFound, (await Runs.PauseAsync(run + 1, default)).Status);
    }

    [SuiteFact]
    public async Task A_task_that_waits_says_why_since_when_and_repeats_no_finding()
    {
        var run = await CreateAsync(Collect());
        var began = Clock.GetUtcNow();
        for (var i = 0; i < 3; i++)
        {
            var wait = new TaskStep(null, 0, 0, [new TaskFinding(FindingKind.Error, "offline", "The store is offline.")], TimeSpan.FromSeconds(5)) { Waiting = "The store is offline." };
            await Runs.SaveStepAsync(await NextAsync(), wait, TimeSpan.Zero, default);
            var row = (await Runs.FindAsync(run, default))!.Tasks[0];
            Assert.Equal(("The store is offline.", (DateTimeOffset?)began, Clock.GetUtcNow().AddSeconds(5)), (row.Waiting, row.WaitingSince, row.Due));
            Clock.Advance(TimeSpan.FromSeconds(5));
        }

        var shown = (await Runs.FindAsync(run, default))!;
        Assert.Equal((1L, 1L, RunState.Running), (shown.Run.Errors, shown.Run.Findings, shown.Run.State));
        await Runs.SaveStepAsync(await NextAsync(), Step("a", 1, 1), TimeSpan.Zero, default);
        Assert.Null((await Runs.FindAsync(run, default))!.Tasks[0].Waiting);
    }

    [SuiteFact]
    public async Task The_same_key_gives_the_same_run()
    {
        var run = new NewRun { Trigger = RunTrigger.Operator, Tasks = [Collect()] };
        var first = await Runs.CreateAsync(run, new OperationKey("k", "f"), default);
        var second = await Runs.CreateAsync(run, new OperationKey("k", "f"), default);
        Assert.Equal(first.Id, second.Id);
        Assert.Single(await Runs.ListAsync(null, 10, default));
        Assert.Equal(AdminStatus.OperationMismatch, (await Runs.CreateAsync(run, new OperationKey("k", "g"), default)).Result.Status);
    }

    [SuiteFact]
    public async Task A_change_joins_an_equal_run_only_until_that_has_begun()
    {
        var run = new NewRun { Trigger = RunTrigger.Policy, Tenant = World.Tenant, Scope = World.Scope, Tasks = [Collect()] };
        var first = await Runs.CreateUnlessWaitingAsync(run, default);
        Assert.Equal(first, await Runs.CreateUnlessWaitingAsync(run, default));
        Assert.NotEqual(first, await Runs.CreateUnlessWaitingAsync(run with { Scope = null }, default));
        await Runs.MeasuredAsync(await NextAsync(), new TaskTotals(1, 1), default);
        Assert.NotEqual(first, await Runs.CreateUnlessWaitingAsync(run, default));
    }

    [SuiteFact]
    public async Task An_ended_run_is_kept_for_thirty_days_and_one_that_followed_uploads_for_one()
    {
        var kept = await CreateAsync(Collect());
        await EndAsync(await NextAsync());
        var routine = await Runs.CreateUnlessWaitingAsync(new NewRun { Trigger = RunTrigger.Uploads, Tasks = [Collect()] }, default);
        await EndAsync(await NextAsync());
        Clock.Advance(RunCatalog.RoutineRetention + TimeSpan.FromMinutes(1));
        await PruneAsync();
        Assert.Equal([kept], (await Runs.ListAsync(null, 10, default)).Select(static run => run.Id));
        Clock.Advance(RunCatalog.Retention);
        await PruneAsync();
        Assert.Empty(await Runs.ListAsync(null, 10, default));
        Assert.Null(await Runs.FindAsync(routine, default));
    }

    [SuiteFact]
    [Trait("Behaviour", "A7")]
    public async Task Whoever_asks_first_creates_the_scheduled_run_and_nobody_else()
    {
        var next = Clock.GetUtcNow().AddDays(1);
        ScheduledRuns? Due(MaintenanceSettings settings, DateTimeOffset now) => settings.NextDaily is null
            ? new ScheduledRuns([new NewRun { Trigger = RunTrigger.Schedule, Tasks = [Collect()] }], next, null)
            : null;
        Assert.Single(await Runs.CreateScheduledAsync(Due, default));
        Assert.Empty(await Runs.CreateScheduledAsync(Due, default));
        Assert.Equal(next, (await Runs.GetSettingsAsync(default)).NextDaily);
        var changed = await Runs.UpdateSettingsAsync(static settings => settings with { DailyAt = 60, Grace = TimeSpan.FromMinutes(1), ChangeDays = 7, Sweep = false }, default);
        Assert.Equal((60, null, TimeSpan.FromMinutes(1), 7, false), (changed.DailyAt, changed.NextDaily, changed.Grace, changed.ChangeDays, changed.Sweep));
    }

    private NewRunTask Collect() => new(MaintenanceTaskKind.Collect, 0, World.Tenant);

    private async Task<long> CreateAsync(params NewRunTask[] tasks) =>
        (await Runs.CreateAsync(new NewRun { Trigger = RunTrigger.Operator, Tasks = tasks }, null, default)).Id!.Value;

    private async Task<MaintenanceTaskRow> NextAsync() => (await Runs.NextTasksAsync(RunTaskOwner.Of(World.Tenant), 1, default))[0];

    private Task<StepSaved> EndAsync(MaintenanceTaskRow task) => Runs.SaveStepAsync(task, new TaskStep(null, 0, 0, []), TimeSpan.Zero, default);

    private async Task PruneAsync()
    {
        while (await Runs.PruneAsync(100, default) > 0)
        {
        }
    }

    private static TaskStep Step(string cursor, long chunks, long bytes) => new(cursor, chunks, bytes, []);
}

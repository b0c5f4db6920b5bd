using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Copies;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>
/// Gives a populated store every chunk of its scope (D29 to D33). After uploads it follows the change log from where it was;
/// once a day, when asked by an operator, when the policy is new or something was left undone, it compares everything first.
/// Cursor: <see cref="PopulateCursor"/>.
/// </summary>
internal sealed class PopulateTask(PolicyCatalog policies, CopyWorker worker, ScopeRooms rooms, PolicyTask shared, TimeProvider time) : IMaintenanceTask
{
    // A daily run a little early must not miss its day.
    private static readonly TimeSpan WalkEvery = TimeSpan.FromHours(20);

    // Forgotten ones cost a walk; cancelled tasks would stay for good.
    private const int MostFound = 64;

    // Where the change log was when a task was measured that found everything there: it need not compare it again.
    private readonly ConcurrentDictionary<(long Run, int Task), FollowPosition> _complete = new();

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Populate;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { Populate: true, Store: var store })
        {
            return new TaskTotals(0, 0);
        }

        var start = await StartAsync(task, store, cancellationToken);
        var totals = start.Walking
            ? await policies.CountMissingAsync(task.Tenant!.Value, task.Scope!.Value, store, cancellationToken)
            : await CountNewAsync(task, store, start.Position, cancellationToken);
        if (start.Walking && totals.Chunks == 0 && _complete.Count < MostFound)
        {
            _complete[(task.Run, task.Task)] = start.Position;
        }

        return new TaskTotals(totals.Chunks, totals.Bytes);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { Populate: true } target)
        {
            return PolicyTask.PolicyChanged(task);
        }

        if (shared.Offline(task, target.Store) is { } offline)
        {
            return offline;
        }

        var cursor = string.IsNullOrEmpty(task.Cursor) ? await StartAsync(task, target.Store, cancellationToken) : PopulateCursor.Parse(task.Cursor);
        return cursor.Walking
            ? await WalkAsync(task, context, target, cursor, cancellationToken)
            : await FollowAsync(task, context, target, cursor, cancellationToken);
    }

    private async Task<PopulateCursor> StartAsync(MaintenanceTaskRow task, StoreId store, CancellationToken cancellationToken)
    {
        if (_complete.TryRemove((task.Run, task.Task), out var position))
        {
            return new PopulateCursor(false, null, position, Walked: true, Incomplete: false, ToldNoRoom: false);
        }

        var progress = await policies.ProgressAsync(task.Scope!.Value, store, cancellationToken);
        var fresh = progress?.Walked is { } walked && time.GetUtcNow() - walked < WalkEvery && task.Trigger is not (RunTrigger.Operator or RunTrigger.Policy);
        return fresh
            ? new PopulateCursor(false, null, new FollowPosition(progress!.Sequence, 0), Walked: false, Incomplete: false, ToldNoRoom: false)
            : new PopulateCursor(true, null, new FollowPosition(await policies.HeadAsync(task.Scope.Value, cancellationToken), 0), false, false, false);
    }

    private async Task<TaskStep> WalkAsync(
        MaintenanceTaskRow task, TaskContext context, AttachmentSettings target, PopulateCursor cursor, CancellationToken cancellationToken)
    {
        // Pages that lack nothing are passed over within the step, for as long as a step may take.
        var started = time.GetTimestamp();
        var page = await policies.MissingAsync(task.Tenant!.Value, task.Scope!.Value, target.Store, cursor.After, PolicyTask.PageSize, cancellationToken);
        while (page is { Chunks.Count: 0, Next: { } next } && time.GetElapsedTime(started) < PageWork.StepTime)
        {
            page = await policies.MissingAsync(task.Tenant.Value, task.Scope.Value, target.Store, next, PolicyTask.PageSize, cancellationToken);
        }

        var (done, told) = await CopyAsync(task, context, target, page.Chunks, cursor, cancellationToken);
        cursor = After(cursor, done);
        cursor = done.Count < page.Chunks.Count
            ? cursor with { After = done.Count > 0 ? page.Chunks[done.Count - 1].Hash : cursor.After }
            : page.Next is { } goOn ? cursor with { After = goOn } : cursor with { Walking = false, After = null, Walked = true };
        return PolicyTask.StepOf(done, cursor.ToString(), told);
    }

    private async Task<TaskStep> FollowAsync(
        MaintenanceTaskRow task, TaskContext context, AttachmentSettings target, PopulateCursor cursor, CancellationToken cancellationToken)
    {
        var (tenant, scope) = (task.Tenant!.Value, task.Scope!.Value);
        var page = await policies.ChangesAsync(tenant, scope, target.Store, cursor.Position, PolicyTask.PageSize, cancellationToken);
        if (page.Gap)
        {
            var head = await policies.HeadAsync(scope, cancellationToken);
            return new TaskStep((cursor with { Walking = true, After = null, Position = new FollowPosition(head, 0) }).ToString(), 0, 0, []);
        }

        var (done, told) = await CopyAsync(task, context, target, page.Chunks, cursor, cancellationToken);
        cursor = After(cursor, done);
        if (done.WaitFor is not null || done.Count < page.Chunks.Count)
        {
            // The page is read again; what it lacks no more is passed over.
            return PolicyTask.StepOf(done, cursor.ToString(), told);
        }

        cursor = cursor with { Position = page.Next };
        if (!page.Ended)
        {
            return PolicyTask.StepOf(done, cursor.ToString(), told);
        }

        if (!task.DryRun)
        {
            await SaveProgressAsync(scope, target.Store, cursor, cancellationToken);
        }

        return PolicyTask.StepOf(done, cursor: null, told);
    }

    // What was left undone is looked for again by the next run, all of it.
    private async Task SaveProgressAsync(ScopeId scope, StoreId store, PopulateCursor cursor, CancellationToken cancellationToken)
    {
        var before = await policies.ProgressAsync(scope, store, cancellationToken);
        var walked = cursor.Incomplete ? null : cursor.Walked ? time.GetUtcNow() : before?.Walked;
        await policies.SaveProgressAsync(scope, store, new PopulateProgress(cursor.Position.Sequence, walked), cancellationToken);
    }

    private async Task<(PageDone Done, IReadOnlyList<TaskFinding> Told)> CopyAsync(
        MaintenanceTaskRow task, TaskContext context, AttachmentSettings target, IReadOnlyList<PolicyChunk> chunks, PopulateCursor cursor, CancellationToken cancellationToken)
    {
        var done = await PageWork.RunAsync(
            chunks, context.Pace, time, (i, slots, token) => CopyOneAsync(task, target, chunks[i], slots, token), cancellationToken);
        if (cursor.ToldNoRoom || done.Done.FirstOrDefault(static one => one.Result == ChunkResult.NoRoom) is not { } first)
        {
            return (done, []);
        }

        var message = $"Some chunks were not copied to {shared.NameOf(target.Store)}, to avoid passing its limits; what fits was copied. {first.Reason}";
        return (done, [new TaskFinding(FindingKind.Error, "target-full", message, null, target.Store, task.Scope)]);
    }

    private async Task<ChunkDone> CopyOneAsync(MaintenanceTaskRow task, AttachmentSettings target, PolicyChunk chunk, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var scope = task.Scope!.Value;
        if (!await rooms.TryTakeAsync(chunk.Tenant, scope, target, chunk.Size, cancellationToken))
        {
            return new ChunkDone(ChunkResult.NoRoom, Reason: "The scope's own soft limit there would be passed.");
        }

        var request = new CopyRequest(chunk.Tenant, chunk.Hash, target.Store, [], CopyPurpose.Populate, scope, Urgency: TaskPacing.UrgencyOf(task));
        var outcome = task.DryRun ? await worker.TryAsync(request, chunk.Size, cancellationToken) : await worker.CopyAsync(request, slots, cancellationToken);
        if (outcome.Status != CopyStatus.Copied)
        {
            rooms.Return(scope, target, chunk.Size);
        }

        return outcome.Status switch
        {
            CopyStatus.Copied when task.DryRun => new ChunkDone(ChunkResult.Done, chunk.Size, Told(task, chunk, FindingKind.WouldDo, "would-do",
                $"Would copy {chunk.Hash} from {shared.NameOf(outcome.Source!.Value)} to {shared.NameOf(target.Store)}.")),
            CopyStatus.Copied => new ChunkDone(ChunkResult.Done, chunk.Size),
            CopyStatus.AlreadyThere or CopyStatus.ChunkGone or CopyStatus.TargetRefused => ChunkDone.Nothing,
            CopyStatus.TargetFull => new ChunkDone(ChunkResult.NoRoom, Reason: outcome.Reason),
            CopyStatus.Failed => new ChunkDone(ChunkResult.Later, Reason: outcome.Reason),
            _ => new ChunkDone(ChunkResult.Failed, 0, Told(task, chunk, FindingKind.Error, ChunkMover.CodeOf(outcome.Status),
                $"Wanted to populate {shared.NameOf(target.Store)} with {chunk.Hash}, but: {outcome.Reason}")),
        };
    }

    private async Task<PolicyTotals> CountNewAsync(MaintenanceTaskRow task, StoreId store, FollowPosition from, CancellationToken cancellationToken)
    {
        var totals = default(PolicyTotals);
        for (var ended = false; !ended;)
        {
            var page = await policies.ChangesAsync(task.Tenant!.Value, task.Scope!.Value, store, from, PolicyTask.PageSize, cancellationToken);
            totals = new PolicyTotals(totals.Chunks + page.Chunks.Count, totals.Bytes + page.Chunks.Sum(static chunk => chunk.Size));
            from = page.Next;
            ended = page.Ended || page.Gap;
        }

        return totals;
    }

    private static PopulateCursor After(PopulateCursor cursor, PageDone done) => cursor with
    {
        Incomplete = cursor.Incomplete || done.AnyFailed,
        ToldNoRoom = cursor.ToldNoRoom || done.Done.Any(static one => one.Result == ChunkResult.NoRoom),
    };

    private static TaskFinding Told(MaintenanceTaskRow task, PolicyChunk chunk, FindingKind kind, string code, string message) =>
        new(kind, code, message, chunk.Hash, task.Store, task.Scope);
}

using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>
/// Moves the least recently read chunks out of a store until its own limits hold (D40 to D42): over all tenants and scopes by
/// last access alone, so that no scope pays for another (D45). Then, unless something urgent started it, copies go that no
/// scope has a use for any more, because those that reference them have detached the store.
/// Cursor: <c>limit:AT:TENANT:HASH:UNREAD</c>, then <c>rest:ID</c>.
/// </summary>
internal sealed class ShrinkStoreTask(
    PolicyCatalog policies, CopyCatalog copies, ChunkMover mover, TopologyCache topology, PolicyTask shared, TimeProvider time) : IMaintenanceTask
{
    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.ShrinkStore;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        var stored = await policies.StoredAsync(task.Store!.Value, cancellationToken);
        var excess = Excess((await topology.RefreshAsync(cancellationToken)).Store(task.Store.Value)?.Settings, stored.Bytes);
        return excess == 0 ? new TaskTotals(0, 0) : new TaskTotals(Math.Max(1, excess * stored.Chunks / stored.Bytes), excess);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        var store = task.Store!.Value;
        var settings = (await topology.RefreshAsync(cancellationToken)).Store(store)?.Settings;
        if (shared.Offline(task, store) is { } offline)
        {
            return offline;
        }

        var cursor = ShrinkCursor.Parse(task.Cursor);
        return cursor.InRest ? await RestAsync(task, context, store, cursor, cancellationToken) : await LimitAsync(task, context, store, settings, cursor, cancellationToken);
    }

    /// <summary>Bytes beyond the stricter limit.</summary>
    internal static long Excess(FileStoreSettings? settings, long stored) =>
        settings is null ? 0 : Math.Max(0, stored - Math.Min(settings.SoftMaxSize ?? long.MaxValue, settings.MaxSize ?? long.MaxValue));

    private async Task<TaskStep> LimitAsync(
        MaintenanceTaskRow task, TaskContext context, StoreId store, FileStoreSettings? settings, ShrinkCursor cursor, CancellationToken cancellationToken)
    {
        // A run that frees nothing counts what it would have freed.
        var moved = task.DryRun || task.KeepSource ? task.DoneBytes : 0;
        var excess = Excess(settings, (await policies.StoredAsync(store, cancellationToken)).Bytes - moved);
        if (excess == 0)
        {
            return Rest(task, []);
        }

        var chosen = await policies.LeastRecentAsync(store, cursor.Position, PolicyTask.PageSize, cancellationToken);
        if (chosen.Chunks.Count == 0)
        {
            return chosen.Ended
                ? Rest(task, [new TaskFinding(FindingKind.Error, "limit-not-met", $"Store {shared.NameOf(store)} is still {excess} bytes over its limit; nothing more can be moved away.", null, store)])
                : new TaskStep(new ShrinkCursor(false, chosen.Next, 0).ToString(), 0, 0, []);
        }

        var page = ShrinkScopeTask.Enough(chosen.Chunks, excess);
        var done = await MoveAsync(task, context, store, ReleaseReason.ShrinkStore, page, cancellationToken);

        // Only a page that was used up can be left behind whole; else the choice is made again from the same place, without
        // what is gone. What could not move is chosen again then: the cursor goes behind it by a smaller page.
        var next = done.Count == chosen.Chunks.Count ? chosen.Next
            : Untouched(done) is var left and > 0 ? (await policies.LeastRecentAsync(store, cursor.Position, left, cancellationToken)).Next
            : cursor.Position;
        return PolicyTask.StepOf(done, new ShrinkCursor(false, next, 0).ToString(), []);
    }

    // Chunks at the head of the page that are still in the store after the step.
    private static int Untouched(PageDone done) => done.Done.Take(done.Count).Count(static one => !one.Freed);

    private async Task<TaskStep> RestAsync(MaintenanceTaskRow task, TaskContext context, StoreId store, ShrinkCursor cursor, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var page = await policies.LeftoverAsync(store, new LocationId(cursor.After), PolicyTask.PageSize, cancellationToken);
        while (page is { Chunks.Count: 0, Next: { } next } && time.GetElapsedTime(started) < PageWork.StepTime)
        {
            page = await policies.LeftoverAsync(store, next, PolicyTask.PageSize, cancellationToken);
        }

        var done = await MoveAsync(task, context, store, ReleaseReason.Leftover, page.Chunks, cancellationToken);
        var after = done.Count < page.Chunks.Count || done.WaitFor is not null
            ? done.Count > 0 ? page.Chunks[done.Count - 1].Location.Value : cursor.After
            : page.Next?.Value;
        return PolicyTask.StepOf(done, after is { } goOn ? new ShrinkCursor(true, default, goOn).ToString() : null, []);
    }

    private async Task<PageDone> MoveAsync(
        MaintenanceTaskRow task, TaskContext context, StoreId store, ReleaseReason reason, IReadOnlyList<PolicyChunk> page, CancellationToken cancellationToken)
    {
        var job = MoveJob.Of(task, store, reason, scope: null);
        var verdicts = await copies.JudgeAsync([.. page.Select(chunk => new ReleaseCopy(chunk.Tenant, chunk.Hash, store, reason, null))], cancellationToken);
        var done = await PageWork.RunAsync(
            page, context.Pace, time, (i, slots, token) => mover.MoveAsync(job, page[i], verdicts[i], slots, token), cancellationToken);
        await shared.WakeDeletesAsync(store, done, cancellationToken);
        return done;
    }

    private static TaskStep Rest(MaintenanceTaskRow task, IReadOnlyList<TaskFinding> findings) =>
        new(task.Trigger is RunTrigger.Limit or RunTrigger.Uploads ? null : new ShrinkCursor(true, default, 0).ToString(), 0, 0, findings);
}

/// <summary>Where shrinking a store is.</summary>
/// <param name="InRest">The limit is dealt with; copies that nobody has a use for are looked for.</param>
/// <param name="Position">Where the choice by last access goes on.</param>
/// <param name="After">The copy that was looked at last.</param>
internal sealed record ShrinkCursor(bool InRest, LeastRecentPosition Position, long After)
{
    /// <summary>Reads its text form; null or empty is the beginning.</summary>
    public static ShrinkCursor Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return new ShrinkCursor(false, default, 0);
        }

        var parts = text.Split(':');
        return parts[0] == "rest"
            ? new ShrinkCursor(true, default, Number(parts[1]))
            : new ShrinkCursor(false, new LeastRecentPosition(Number(parts[1]), Number(parts[2]), parts[3].Length == 0 ? null : ChunkHash.Parse(parts[3]), Number(parts[4])), 0);
    }

    /// <summary>The form that is stored.</summary>
    public override string ToString() => InRest
        ? string.Create(CultureInfo.InvariantCulture, $"rest:{After}")
        : string.Create(CultureInfo.InvariantCulture, $"limit:{Position.ReadAt}:{Position.ReadTenant}:{Position.ReadHash?.ToString()}:{Position.Unread}");

    private static long Number(string digits) => long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}

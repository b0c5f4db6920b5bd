using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>
/// Moves everything that is needed out of a local store whose silo is to leave: each chunk to another store of every scope
/// that could not read it any more. Copies that nothing references stay; collection has them. It ends when the rows say that
/// nothing there is needed, and walks again while writes that had begun before still arrive.
/// Cursor: <c>LAST:STUCK</c>, the copy that was looked at last and how many of this walk could not go.
/// </summary>
internal sealed class EmptyStoreTask(
    SiloDrainCatalog drains, PolicyCatalog policies, CopyCatalog copies, ChunkMover mover, TopologyCache topology, PolicyTask shared, TimeProvider time) : IMaintenanceTask
{
    /// <summary>
    /// A transaction that chose the store before the silo was drained has committed, or never will, so long after: a session
    /// without a statement is ended after 3 s (design, Writing 7).
    /// </summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.EmptyStore;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        var stored = await policies.StoredAsync(task.Store!.Value, cancellationToken);
        return new TaskTotals(stored.Chunks, stored.Bytes);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        var store = task.Store!.Value;
        if ((await topology.RefreshAsync(cancellationToken)).Store(store) is not { IsEmptied: true } info)
        {
            return PolicyTask.PolicyChanged(task);
        }

        if (shared.Offline(task, store) is { } offline)
        {
            return offline;
        }

        var (last, stuck) = Parse(task.Cursor);
        var page = await ReadPageAsync(store, last, cancellationToken);
        if (page.Chunks.Count == 0)
        {
            return page.Next is { } further ? new TaskStep(Format(further.Value, stuck), 0, 0, []) : await EndWalkAsync(task, info, stuck, cancellationToken);
        }

        var done = await MoveAsync(task, context, store, page.Chunks, cancellationToken);
        stuck += done.Done.Take(done.Count).Count(static one => one.Result is ChunkResult.Kept or ChunkResult.Failed or ChunkResult.NoRoom);
        var reached = done.Count > 0 ? page.Chunks[done.Count - 1].Location.Value : last;
        return PolicyTask.StepOf(done, Format(done.Count == page.Chunks.Count && page.Next is { } next ? next.Value : reached, stuck), []);
    }

    // Windows without anything needed are passed over within one step.
    private async Task<StorePage> ReadPageAsync(StoreId store, long last, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var page = await drains.ReferencedAsync(store, new LocationId(last), PolicyTask.PageSize, cancellationToken);
        while (page is { Chunks.Count: 0, Next: { } next } && time.GetElapsedTime(started) < PageWork.StepTime)
        {
            page = await drains.ReferencedAsync(store, next, PolicyTask.PageSize, cancellationToken);
        }

        return page;
    }

    private async Task<TaskStep> EndWalkAsync(MaintenanceTaskRow task, StoreInfo store, int stuck, CancellationToken cancellationToken)
    {
        if (task.DryRun || task.KeepSource)
        {
            return new TaskStep(null, 0, 0, []);
        }

        var held = await drains.HeldAsync(store.Id, cancellationToken);
        if (held.IsNeeded && stuck > 0)
        {
            return new TaskStep(null, 0, 0, [new TaskFinding(
                FindingKind.Error, "still-needed", $"Store {store.Name} still holds {stuck} chunks that are needed and could not go elsewhere.", null, store.Id)]);
        }

        if (held.IsNeeded)
        {
            return new TaskStep("", 0, 0, [], LookAgain) { Waiting = "Writes that had begun before the drain are still under way." };
        }

        var since = (await drains.ListAsync(cancellationToken)).FirstOrDefault(drain => drain.Silo == store.Silo)?.Since ?? DateTimeOffset.MinValue;
        return time.GetUtcNow() - since < Settle
            ? new TaskStep("", 0, 0, [], LookAgain) { Waiting = "Uploads that had chosen the store before the drain are given time to end." }
            : new TaskStep(null, 0, 0, []);
    }

    private async Task<PageDone> MoveAsync(
        MaintenanceTaskRow task, TaskContext context, StoreId store, IReadOnlyList<PolicyChunk> page, CancellationToken cancellationToken)
    {
        var job = MoveJob.Of(task, store, ReleaseReason.EmptyStore, scope: null);
        var verdicts = await copies.JudgeAsync([.. page.Select(chunk => new ReleaseCopy(chunk.Tenant, chunk.Hash, store, ReleaseReason.EmptyStore, null))], cancellationToken);
        var done = await PageWork.RunAsync(
            page, context.Pace, time, (i, slots, token) => mover.MoveAsync(job, page[i], verdicts[i], slots, token), cancellationToken);
        await shared.WakeDeletesAsync(store, done, cancellationToken);
        return done;
    }

    private static (long Last, int Stuck) Parse(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return (0, 0);
        }

        var parts = cursor.Split(':');
        return (long.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture), int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static string Format(long last, int stuck) => string.Create(CultureInfo.InvariantCulture, $"{last}:{stuck}");
}

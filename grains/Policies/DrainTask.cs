using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>
/// Moves a scope's chunks out of a store, to any other or to a named one (D34 to D37). Walks the scope's chunks, or the store's
/// copies where those are fewer: <c>scope:HASH</c> or <c>store:ID:LAST</c> is the cursor. A chunk that cannot move is an
/// error and the next one is tried.
/// </summary>
internal sealed class DrainTask(PolicyCatalog policies, CopyCatalog copies, ChunkMover mover, PolicyTask shared, TimeProvider time) : IMaintenanceTask
{
    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Drain;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { Drain: true, Store: var store })
        {
            return new TaskTotals(0, 0);
        }

        var totals = await policies.CountPresentAsync(task.Tenant!.Value, task.Scope!.Value, store, cancellationToken);
        return new TaskTotals(totals.Chunks, totals.Bytes);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { Drain: true, Store: var store })
        {
            return PolicyTask.PolicyChanged(task);
        }

        if (shared.Offline(task, store) is { } offline)
        {
            return offline;
        }

        if (await ReadPageAsync(task, store, cancellationToken) is not { } page)
        {
            return new TaskStep(null, 0, 0, []);
        }

        var job = MoveJob.Of(task, store, ReleaseReason.Drain, task.Scope);
        var verdicts = await copies.JudgeAsync(
            [.. page.Chunks.Select(chunk => new ReleaseCopy(chunk.Tenant, chunk.Hash, store, ReleaseReason.Drain, task.Scope))], cancellationToken);
        var done = await PageWork.RunAsync(
            page.Chunks, context.Pace, time, (i, slots, token) => mover.MoveAsync(job, page.Chunks[i], verdicts[i], slots, token), cancellationToken);
        await shared.WakeDeletesAsync(store, done, cancellationToken);
        var cursor = done.Count == page.Chunks.Count && done.WaitFor is null ? page.Next : done.Count > 0 ? page.CursorAfter(page.Chunks[done.Count - 1]) : page.Here;
        return PolicyTask.StepOf(done, cursor, []);
    }

    private async Task<DrainPage?> ReadPageAsync(MaintenanceTaskRow task, StoreId store, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var cursor = string.IsNullOrEmpty(task.Cursor) ? await StartAsync(task, store, cancellationToken) : task.Cursor;
        while (cursor is not null)
        {
            var page = await ReadPageAsync(task, store, cursor, cancellationToken);
            if (page.Chunks.Count > 0 || page.Next is null || time.GetElapsedTime(started) > PageWork.StepTime)
            {
                return page;
            }

            cursor = page.Next;
        }

        return null;
    }

    private async Task<string?> StartAsync(MaintenanceTaskRow task, StoreId store, CancellationToken cancellationToken)
    {
        var sizes = await policies.SizesAsync(task.Tenant!.Value, task.Scope!.Value, store, cancellationToken);
        return sizes.LastLocation is not { } last ? null
            : sizes.ScopeChunks <= sizes.StoreChunks ? "scope:"
            : StoreCursor(0, last.Value);
    }

    private async Task<DrainPage> ReadPageAsync(MaintenanceTaskRow task, StoreId store, string cursor, CancellationToken cancellationToken)
    {
        var parts = cursor.Split(':');
        if (parts[0] == "scope")
        {
            var after = parts[1].Length == 0 ? (ChunkHash?)null : ChunkHash.Parse(parts[1]);
            var ofScope = await policies.PresentAsync(task.Tenant!.Value, task.Scope!.Value, store, after, PolicyTask.PageSize, cancellationToken);
            return new DrainPage(cursor, ofScope.Chunks, ofScope.Next is { } next ? $"scope:{next}" : null, static chunk => $"scope:{chunk.Hash}");
        }

        var last = long.Parse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture);
        var from = new LocationId(long.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture));
        var ofStore = await policies.PresentInAsync(store, task.Scope!.Value, from, new LocationId(last), PolicyTask.PageSize, cancellationToken);
        return new DrainPage(cursor, ofStore.Chunks, ofStore.Next is { } more ? StoreCursor(more.Value, last) : null, chunk => StoreCursor(chunk.Location.Value, last));
    }

    private static string StoreCursor(long after, long last) => string.Create(CultureInfo.InvariantCulture, $"store:{after}:{last}");

    private sealed record DrainPage(string Here, IReadOnlyList<PolicyChunk> Chunks, string? Next, Func<PolicyChunk, string> CursorAfter);
}

using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Removes a store's bytes that no row knows (D46), and times of last reading whose copy is gone. Does nothing while an
/// operator has sweeping off, as after a restore.
/// </summary>
internal sealed class SweepTask(OpenStores open, SweepShards shards, RunCatalog runs, InspectionCatalog catalog) : IMaintenanceTask
{
    // Times of last reading: a transaction of some milliseconds.
    private const int AccessPage = 512;
    private const string AccessCursor = "access";

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Sweep;

    /// <inheritdoc/>
    public Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) => open.CountAsync(task, cancellationToken);

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        if (task.Cursor is { } cursor && cursor.StartsWith(AccessCursor, StringComparison.Ordinal))
        {
            return await PruneAccessAsync(task.Store!.Value, cursor, cancellationToken);
        }

        var last = task.DryRun ? null : AccessCursor;
        if (!(await runs.GetSettingsAsync(cancellationToken)).Sweep)
        {
            var off = new TaskFinding(FindingKind.Info, "sweep-off", "Sweeping is off; 'granary maintenance settings --sweep' turns it on.", null, task.Store);
            return new TaskStep(last, 0, 0, [off]);
        }

        if (!open.TryOpen(task, out var store, out var waiting))
        {
            return waiting;
        }

        var step = await shards.StepAsync(store, task.Store!.Value, task.Cursor, task.DryRun ? SweepMode.Tell : SweepMode.Remove, cancellationToken);
        return step.Cursor is null ? step with { Cursor = last } : step;
    }

    private async Task<TaskStep> PruneAccessAsync(StoreId store, string cursor, CancellationToken cancellationToken)
    {
        var parts = cursor.Split(':');
        var after = parts.Length == 3
            ? new AccessKey(new TenantId(long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)), ChunkHash.Parse(parts[2]))
            : null;
        var next = await catalog.PruneAccessAsync(store, after, AccessPage, cancellationToken);
        return new TaskStep(next is null ? null : $"{AccessCursor}:{next.Tenant}:{next.Chunk}", 0, 0, []);
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>Looks for recorded copies that a store does not have; repairs them from another copy (D47).</summary>
internal sealed class VerifyTask(OpenStores open, VerifyShards shards) : IMaintenanceTask
{
    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Verify;

    /// <inheritdoc/>
    public Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) => open.CountAsync(task, cancellationToken);

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken) =>
        open.TryOpen(task, out var store, out var waiting)
            ? await shards.StepAsync(store, task.Store!.Value, task.Cursor, repairs: !task.DryRun, cancellationToken)
            : waiting;
}

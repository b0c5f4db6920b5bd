using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>Checks a tenant's rows, or a store against its rows.</summary>
internal sealed class FsckTask(FsckCatalog catalog, OpenStores open, FsckRows rows, FsckStore stores) : IMaintenanceTask
{
    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Fsck;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        if (task.Store is not { } store)
        {
            return await catalog.MeasureAsync(task.Tenant!.Value, task.Scope, cancellationToken);
        }

        if (task.Scope is { } scope)
        {
            return await catalog.MeasureAsync(store, scope, cancellationToken);
        }

        // Compared, and then read.
        var once = await open.CountAsync(task, cancellationToken);
        return task.Data ? new TaskTotals(once.Chunks * 2, once.Bytes * 2) : once;
    }

    /// <inheritdoc/>
    public Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken) =>
        task.Store is null ? rows.StepAsync(task, cancellationToken) : stores.StepAsync(task, context.Pace, cancellationToken);
}

using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Ends upload sessions that nobody used for their lifetime. The tenant's grain does the same in its units whenever one falls
/// due; a run does it now and counts those it met, as chunks, without bytes: what they hold is uncounted later.
/// </summary>
internal sealed class ExpireUploadsTask(SessionCatalog sessions, TaskWakes wakes) : IMaintenanceTask
{
    private const int PageSize = 64;

    // Pages in one step: well under a second together.
    private const int PagesPerStep = 16;

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.ExpireUploads;

    /// <inheritdoc/>
    public Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) => Task.FromResult(new TaskTotals(0, 0));

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        var ended = 0;
        var worked = !task.DryRun;
        for (var page = 0; worked && page < PagesPerStep; page++)
        {
            var expired = await sessions.ExpireDueAsync(task.Tenant!.Value, PageSize, cancellationToken);
            await wakes.WakeStoresAsync(expired.Stores, cancellationToken);
            worked = expired.Ended + expired.Forgotten > 0;
            ended += expired.Ended;
        }

        return new TaskStep(worked ? "more" : null, ended, 0, []);
    }
}

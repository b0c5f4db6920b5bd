using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Lets versions go whose retention is over (S8). The tenant's grain does the same in its units whenever something falls due;
/// a run does it now and counts it. What is due is the cursor. Counts are of versions and of logical bytes.
/// </summary>
internal sealed class ExpireVersionsTask(VersionCatalog versions) : IMaintenanceTask
{
    /// <summary>Pages in one step: well under a second together.</summary>
    private const int PagesPerStep = 16;

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.ExpireVersions;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        var due = await versions.CountDueAsync(TenantOf(task), cancellationToken);
        return new TaskTotals(due.Versions, due.Bytes);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        if (task.DryRun)
        {
            var due = await versions.CountDueAsync(TenantOf(task), cancellationToken);
            return new TaskStep(null, due.Versions, due.Bytes, due.Versions == 0 ? [] : [WouldExpire(due)]);
        }

        var (count, bytes, worked) = (0L, 0L, true);
        for (var page = 0; worked && page < PagesPerStep; page++)
        {
            var expired = await versions.ExpirePageAsync(TenantOf(task), cancellationToken);
            worked = expired.Worked;
            count += expired.Versions;
            bytes += expired.Bytes;
        }

        return new TaskStep(worked ? "more" : null, count, bytes, []);
    }

    private static TenantId TenantOf(MaintenanceTaskRow task) => task.Tenant ?? throw new ArgumentException("Versions expire in a tenant.", nameof(task));

    private static TaskFinding WouldExpire(VersionsDue due) => new(
        FindingKind.WouldDo, "expire-versions", string.Create(CultureInfo.InvariantCulture, $"{due.Versions} versions of {due.Bytes} bytes would expire."));
}

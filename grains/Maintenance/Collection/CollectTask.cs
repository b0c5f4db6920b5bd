using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Collects a tenant's chunks that nothing has referenced for the grace period (rule 2, G13, D48): a page at a time, each
/// chunk decided under its lock, so that uploads are never stopped. The bytes are deleted by the stores' grains.
/// </summary>
internal sealed class CollectTask(CollectCatalog catalog, RunCatalog runs, TaskWakes wakes, TimeProvider time) : IMaintenanceTask
{
    // A transaction of some milliseconds.
    private const int PageSize = 64;

    // Pages in one step: well under a second.
    private const int MostPages = 16;

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Collect;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) =>
        await catalog.MeasureAsync(task.Tenant!.Value, await BeforeAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        var tenant = task.Tenant!.Value;
        var before = await BeforeAsync(cancellationToken);
        var position = Parse(task.Cursor);
        var findings = new List<TaskFinding>();
        var (chunks, bytes) = (0L, 0L);
        for (var page = 0; page < MostPages; page++)
        {
            var due = await catalog.NextAsync(tenant, before, position, PageSize, cancellationToken);
            if (due.Count == 0)
            {
                return new TaskStep(null, chunks, bytes, findings);
            }

            var outcomes = task.DryRun ? [.. due.Select(static _ => CollectOutcome.Condemned)] : await CollectAsync(tenant, before, due, cancellationToken);
            for (var i = 0; i < due.Count; i++)
            {
                Note(task, due[i], outcomes[i], findings);
                if (outcomes[i] is CollectOutcome.Condemned or CollectOutcome.Removed)
                {
                    chunks++;
                    bytes += due[i].Size;
                }
            }

            position = due[^1].Position;
        }

        return new TaskStep(Text(position), chunks, bytes, findings);
    }

    private async Task<IReadOnlyList<CollectOutcome>> CollectAsync(
        TenantId tenant, DateTimeOffset before, IReadOnlyList<UnreferencedChunk> due, CancellationToken cancellationToken)
    {
        FaultPoint.Reached("collect.before");
        var page = await catalog.CollectAsync(tenant, before, [.. due.Select(static chunk => chunk.Hash)], cancellationToken);
        FaultPoint.Reached("collect.after");
        await wakes.WakeStoresAsync(page.Stores, cancellationToken);
        return page.Outcomes;
    }

    private static void Note(MaintenanceTaskRow task, UnreferencedChunk chunk, CollectOutcome outcome, List<TaskFinding> findings)
    {
        if (outcome == CollectOutcome.Disagrees)
        {
            findings.Add(new TaskFinding(
                FindingKind.Error,
                "count-disagrees",
                $"Chunk {chunk.Hash} is counted as unreferenced, but rows refer to it. It stays; 'granary fsck --repair' counts it anew.",
                chunk.Hash));
        }
        else if (task.DryRun)
        {
            findings.Add(new TaskFinding(FindingKind.WouldDo, "would-collect", $"Would remove chunk {chunk.Hash} of {chunk.Size} bytes from every store.", chunk.Hash));
        }
    }

    private async Task<DateTimeOffset> BeforeAsync(CancellationToken cancellationToken) =>
        time.GetUtcNow() - (await runs.GetSettingsAsync(cancellationToken)).Grace;

    private static string Text(CollectPosition position) => $"{position.Since.ToString(CultureInfo.InvariantCulture)}:{position.Hash}";

    private static CollectPosition Parse(string? cursor)
    {
        if (cursor is null)
        {
            return default;
        }

        var colon = cursor.IndexOf(':', StringComparison.Ordinal);
        return new CollectPosition(long.Parse(cursor.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture), ChunkHash.Parse(cursor[(colon + 1)..]));
    }
}

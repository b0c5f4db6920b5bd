using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>Reads and hashes every stored copy of a store, at the pace that is set; repairs what is damaged.</summary>
internal sealed class ScrubTask(OpenStores open, DataPass pass) : IMaintenanceTask
{
    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.Scrub;

    /// <inheritdoc/>
    public Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) => open.CountAsync(task, cancellationToken);

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken) =>
        open.TryOpen(task, out var store, out var waiting)
            ? await pass.StepAsync(store, task.Store!.Value, task.Cursor, context.Pace, repairs: !task.DryRun, cancellationToken)
            : waiting;
}

/// <summary>Reads a store's copies in the order of their ids and hashes them.</summary>
internal sealed class DataPass(InspectionCatalog catalog, CopyReader reader, CopyDoctor doctor)
{
    private const int MostCopies = 512;

    // Without a pace a step reads about a second's worth of a disk.
    private const long MostBytes = 256 << 20;

    /// <summary>One step.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cursor">The last copy that was read; null at the beginning.</param>
    /// <param name="pace">Reads at one time, and bytes of about a second.</param>
    /// <param name="repairs">False: only say what is damaged.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TaskStep> StepAsync(IChunkStore store, StoreId id, string? cursor, TaskPace pace, bool repairs, CancellationToken cancellationToken)
    {
        await store.CheckAsync(cancellationToken);
        var after = cursor is null ? (LocationId?)null : new LocationId(long.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture));
        var page = await catalog.WalkAsync(id, after, MostCopies, cancellationToken);
        var copies = Take(page, Math.Min(pace.BytesPerSecond ?? MostBytes, MostBytes));
        var findings = await CheckAsync(store, copies, pace.Parallel, repairs, cancellationToken);
        var isLast = copies.Count == page.Count && page.Count < MostCopies;
        return new TaskStep(
            isLast ? null : copies[^1].Location.Value.ToString(CultureInfo.InvariantCulture), copies.Count, copies.Sum(static copy => copy.Length), findings);
    }

    /// <summary>Reads copies and treats those that are not good.</summary>
    public async Task<IReadOnlyList<TaskFinding>> CheckAsync(
        IChunkStore store, IReadOnlyList<InspectedCopy> copies, int parallel, bool repairs, CancellationToken cancellationToken)
    {
        var conditions = new CopyCondition[copies.Count];
        await Parallel.ForAsync(
            0,
            copies.Count,
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
            async (i, token) => conditions[i] = await reader.ReadAsync(store, copies[i], token));
        var findings = new List<TaskFinding>();
        for (var i = 0; i < copies.Count; i++)
        {
            // Read once more: a copy is not given up for a fault on the way, nor for a release in the meantime.
            if (conditions[i] != CopyCondition.Good
                && await reader.ReadAsync(store, copies[i], cancellationToken) is var condition and not CopyCondition.Good
                && await IsStoredAsync(store, copies[i], cancellationToken))
            {
                findings.Add(await doctor.TreatAsync(copies[i], condition == CopyCondition.Missing, repairs, cancellationToken));
            }
        }

        return findings;
    }

    private async Task<bool> IsStoredAsync(IChunkStore store, InspectedCopy copy, CancellationToken cancellationToken)
    {
        await store.CheckAsync(cancellationToken);
        return await catalog.StateAsync(copy.Location, cancellationToken) == LocationState.Stored;
    }

    private static List<InspectedCopy> Take(IReadOnlyList<InspectedCopy> page, long bytes)
    {
        var taken = new List<InspectedCopy>();
        var sum = 0L;
        foreach (var copy in page)
        {
            if (taken.Count > 0 && sum + copy.Length > bytes)
            {
                break;
            }

            taken.Add(copy);
            sum += copy.Length;
        }

        return taken;
    }
}

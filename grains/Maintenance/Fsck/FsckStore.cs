using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// The steps of checking a store: its sums, recorded copies against its listing, its bytes against the rows, and with data
/// every copy read and hashed. Limited to a scope, each of the scope's copies is looked up by itself.
/// </summary>
internal sealed class FsckStore(
    FsckCatalog catalog, InspectionCatalog inspection, OpenStores open, VerifyShards verify, SweepShards sweep, DataPass pass, CopyDoctor doctor, RunCatalog runs)
{
    private const int ScopePage = 256;

    private const string Space = "space";
    private const string Copies = "copies";
    private const string Bytes = "bytes";
    private const string Data = "data";
    private const string Scope = "scope";

    /// <summary>One step.</summary>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskPace pace, CancellationToken cancellationToken)
    {
        var id = task.Store!.Value;
        var cursor = task.Cursor ?? (task.Scope is null ? Space : Scope);
        var colon = cursor.IndexOf(':', StringComparison.Ordinal);
        var (stage, rest) = colon < 0 ? (cursor, null) : (cursor[..colon], cursor[(colon + 1)..]);
        if (stage == Space)
        {
            return (await catalog.SpaceAsync(id, task.Repair, cancellationToken)).ToStep(Copies);
        }

        if (!open.TryOpen(task, out var store, out var waiting))
        {
            return waiting;
        }

        return stage switch
        {
            Copies => Continue(await verify.StepAsync(store, id, rest, task.Repair, cancellationToken), Copies, Bytes),
            Bytes => Continue(await SweepAsync(store, id, rest, task.Repair, cancellationToken), Bytes, task.Data ? Data : null),
            Data => Continue(await pass.StepAsync(store, id, rest, pace, task.Repair, cancellationToken), Data, null),
            _ => await ScopeAsync(store, task, rest, pace, cancellationToken),
        };
    }

    private static TaskStep Continue(TaskStep step, string stage, string? next) =>
        step with { Cursor = step.Cursor is null ? next : $"{stage}:{step.Cursor}" };

    private async Task<TaskStep> SweepAsync(IChunkStore store, StoreId id, string? rest, bool repair, CancellationToken cancellationToken)
    {
        var mode = repair && (await runs.GetSettingsAsync(cancellationToken)).Sweep ? SweepMode.Repair : SweepMode.Report;

        // What is listed was counted with the copies.
        return await sweep.StepAsync(store, id, rest, mode, cancellationToken) with { Chunks = 0, Bytes = 0 };
    }

    private async Task<TaskStep> ScopeAsync(IChunkStore store, MaintenanceTaskRow task, string? rest, TaskPace pace, CancellationToken cancellationToken)
    {
        await store.CheckAsync(cancellationToken);
        var after = rest is null ? (ChunkHash?)null : ChunkHash.Parse(rest);
        var page = await inspection.WalkScopeAsync(task.Store!.Value, task.Scope!.Value, after, ScopePage, cancellationToken);
        var findings = task.Data
            ? await pass.CheckAsync(store, page, pace.Parallel, task.Repair, cancellationToken)
            : await StatAsync(store, page, pace.Parallel, task.Repair, cancellationToken);
        return new TaskStep(
            page.Count < ScopePage ? null : $"{Scope}:{page[^1].Hash}", page.Count, page.Sum(static copy => copy.Length), findings);
    }

    private async Task<IReadOnlyList<TaskFinding>> StatAsync(
        IChunkStore store, IReadOnlyList<InspectedCopy> page, int parallel, bool repair, CancellationToken cancellationToken)
    {
        var stats = new ChunkStat?[page.Count];
        await Parallel.ForAsync(
            0,
            page.Count,
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
            async (i, token) => stats[i] = await store.StatAsync(new LocationKey(page[i].Tenant.ToString(), page[i].Hash, page[i].Location.Value), token));
        var findings = new List<TaskFinding>();
        for (var i = 0; i < page.Count; i++)
        {
            if (stats[i]?.Length == page[i].Length)
            {
                continue;
            }

            await store.CheckAsync(cancellationToken);
            if (await inspection.StateAsync(page[i].Location, cancellationToken) == LocationState.Stored)
            {
                findings.Add(await doctor.TreatAsync(page[i], stats[i] is null, repair, cancellationToken));
            }
        }

        return findings;
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Compares recorded copies with a store's listing, shard by shard (D47). The rows are read first: whatever is deleted
/// meanwhile is looked up again. That a copy is missing is believed only when the store says so of its key by itself, and the
/// store still is there and ours.
/// </summary>
internal sealed class VerifyShards(InspectionCatalog catalog, CopyDoctor doctor, CopyReader reader, TopologyCache topology, TimeProvider time)
{
    /// <summary>Walks on for about a second.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cursor">Where to go on; null at the beginning.</param>
    /// <param name="repairs">False: only say what differs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TaskStep> StepAsync(IChunkStore store, StoreId id, string? cursor, bool repairs, CancellationToken cancellationToken)
    {
        var current = await topology.RefreshAsync(cancellationToken);
        var tenants = current.Tenants.Select(static tenant => tenant.Id.Value).Order().ToArray();
        var step = new Progress();
        var next = await ShardWalk.RunAsync(
            cursor,
            after => tenants.Cast<long?>().FirstOrDefault(tenant => tenant > after),
            shard => VisitAsync(store, id, shard, repairs, step, cancellationToken),
            time);
        return new TaskStep(next, step.Chunks, step.Bytes, step.Findings);
    }

    private async Task<ShardVisit> VisitAsync(
        IChunkStore store, StoreId id, ShardPosition shard, bool repairs, Progress step, CancellationToken cancellationToken)
    {
        // 1. What should be there.
        var rows = await catalog.ShardAsync(id, new TenantId(shard.Tenant), shard.First, shard.Last, StoreListing.Most + 1, cancellationToken);
        if (rows.Count > StoreListing.Most && shard.CanDescend)
        {
            return ShardVisit.TooLarge;
        }

        if (rows.Count == 0)
        {
            return ShardVisit.Done;
        }

        // 2. What is there.
        if (await StoreListing.ReadAsync(store, shard, cancellationToken) is not { } listing)
        {
            return ShardVisit.TooLarge;
        }

        var there = new Dictionary<long, long>(listing.Count);
        foreach (var entry in listing)
        {
            if (StoreListing.LocationOf(entry.Key) is { } location)
            {
                there[location] = entry.Length;
            }
        }

        // 3. What differs, in an order in which the next step can go on.
        var started = time.GetTimestamp();
        foreach (var copy in rows.Where(copy => Differs(copy, there) && copy.Location.Value > shard.After).OrderBy(static copy => copy.Location.Value))
        {
            if (await ExamineAsync(store, copy, repairs, cancellationToken) is { } finding)
            {
                step.Findings.Add(finding);
            }

            if (time.GetElapsedTime(started) >= ShardWalk.Budget)
            {
                return ShardVisit.Stopped(copy.Location.Value);
            }
        }

        step.Chunks += rows.Count(static copy => copy.State == LocationState.Stored);
        step.Bytes += rows.Where(static copy => copy.State == LocationState.Stored).Sum(static copy => copy.Length);
        return ShardVisit.Done;
    }

    private static bool Differs(InspectedCopy copy, Dictionary<long, long> there) =>
        copy.State == LocationState.Damaged || !there.TryGetValue(copy.Location.Value, out var length) || length != copy.Length;

    private async Task<TaskFinding?> ExamineAsync(IChunkStore store, InspectedCopy copy, bool repairs, CancellationToken cancellationToken)
    {
        if (copy.State == LocationState.Damaged)
        {
            return await doctor.ReviewAsync(
                copy, async (one, token) => await reader.ReadAsync(store, one, token) == CopyCondition.Good, repairs, cancellationToken);
        }

        var key = new LocationKey(copy.Tenant.ToString(), copy.Hash, copy.Location.Value);
        var stat = await store.StatAsync(key, cancellationToken);
        if (stat?.Length == copy.Length)
        {
            return null;
        }

        // It may have been released while the listing went on; and a store that lost its mount knows no key at all.
        await store.CheckAsync(cancellationToken);
        return await catalog.StateAsync(copy.Location, cancellationToken) == LocationState.Stored
            ? await doctor.TreatAsync(copy, isMissing: stat is null, repairs, cancellationToken)
            : null;
    }

    private sealed class Progress
    {
        public long Chunks { get; set; }

        public long Bytes { get; set; }

        public List<TaskFinding> Findings { get; } = [];
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Removes bytes that no row knows and that have lain for a day by the store's own clock (D46, G3). A row is written before
/// its bytes and a key is never used twice, so a key without a row belongs to nobody, for good.
/// </summary>
internal sealed class SweepShards(InspectionCatalog catalog, TimeProvider time)
{
    /// <summary>Younger bytes stay: whoever wrote them may not have been heard yet.</summary>
    public static readonly TimeSpan YoungestSwept = TimeSpan.FromDays(1);

    /// <summary>Walks on for about a second.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cursor">Where to go on; null at the beginning.</param>
    /// <param name="mode">What is done with what is found.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<TaskStep> StepAsync(IChunkStore store, StoreId id, string? cursor, SweepMode mode, CancellationToken cancellationToken)
    {
        // Tenants that are gone may have left bytes as well; ids are never used again.
        var next = await catalog.NextIdsAsync(cancellationToken);
        var step = new Progress();
        var position = await ShardWalk.RunAsync(
            cursor, after => after + 1 < next.Tenant ? after + 1 : null, shard => VisitAsync(store, id, shard, mode, step, cancellationToken), time);
        return new TaskStep(step.IsOlder ? null : position, step.Chunks, step.Bytes, step.Findings);
    }

    private async Task<ShardVisit> VisitAsync(IChunkStore store, StoreId id, ShardPosition shard, SweepMode mode, Progress step, CancellationToken cancellationToken)
    {
        // 1. A listing that is complete, or none.
        if (step.IsOlder || await StoreListing.ReadAsync(store, shard, cancellationToken) is not { } listing)
        {
            return step.IsOlder ? ShardVisit.Done : ShardVisit.TooLarge;
        }

        if (listing.Count == 0)
        {
            return ShardVisit.Done;
        }

        // 2. A store that holds ids that were never given is newer than the catalog: a backup was restored. The ids are asked
        //    after the listing, so what was written meanwhile is below them.
        var ids = listing.Select(static entry => StoreListing.LocationOf(entry.Key)).OfType<long>().ToArray();
        var next = await catalog.NextIdsAsync(cancellationToken);
        if (Array.Exists(ids, location => location >= next.Location))
        {
            step.IsOlder = true;
            step.Findings.Add(new TaskFinding(
                FindingKind.Error,
                "catalog-older",
                "The store holds copies that this catalog has not made yet, as after the restore of a backup. Nothing was removed.",
                null,
                id));
            return ShardVisit.Done;
        }

        // 3. What no row knows, and is old enough.
        var known = await catalog.KnownAsync(ids, cancellationToken);
        var before = time.GetUtcNow() - YoungestSwept;
        foreach (var entry in listing)
        {
            if (StoreListing.LocationOf(entry.Key) is { } location && !known.Contains(location) && entry.Modified < before)
            {
                await RemoveAsync(store, id, entry, mode, step, cancellationToken);
            }
        }

        step.Chunks += listing.Count;
        step.Bytes += listing.Sum(static entry => entry.Length);
        return ShardVisit.Done;
    }

    private static async Task RemoveAsync(IChunkStore store, StoreId id, ChunkListing entry, SweepMode mode, Progress step, CancellationToken cancellationToken)
    {
        var what = $"{entry.Key} of {entry.Length} bytes, which no row knows";
        if (mode is SweepMode.Remove or SweepMode.Repair)
        {
            await store.DeleteAsync(entry.Key, cancellationToken);
        }

        var (kind, text) = mode switch
        {
            SweepMode.Remove => (FindingKind.Info, $"Removed {what}."),
            SweepMode.Tell => (FindingKind.WouldDo, $"Would remove {what}."),
            SweepMode.Repair => (FindingKind.Repaired, $"Removed {what}."),
            _ => (FindingKind.Error, $"The store holds {what}."),
        };
        step.Findings.Add(new TaskFinding(kind, "unknown-bytes", text, entry.Key.Hash, id));
    }

    private sealed class Progress
    {
        public long Chunks { get; set; }

        public long Bytes { get; set; }

        public bool IsOlder { get; set; }

        public List<TaskFinding> Findings { get; } = [];
    }
}

/// <summary>What is done with bytes that no row knows.</summary>
internal enum SweepMode
{
    /// <summary>Removed.</summary>
    Remove,

    /// <summary>Only said what would be removed.</summary>
    Tell,

    /// <summary>Removed, as the repair of a difference.</summary>
    Repair,

    /// <summary>Said to be a difference.</summary>
    Report,
}

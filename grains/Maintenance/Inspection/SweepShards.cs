using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Removes bytes that no row knows and that have lain for a day by the store's own clock (D46, G3). A row is written before
/// its bytes and a key is never used twice, so a key without a row belongs to nobody, for good.
/// </summary>
/// <remarks>
/// Two walks: the first only looks, over everything, and a second one removes where the first found something. So nothing
/// is removed before the whole store was listed without a failure, and none of it was written by a later state of the
/// catalog: a backup was restored then, the bytes may be all that is left of what came after it, and sweeping goes off
/// until an operator turns it on. Cursors: <c>look:FOUND:SHARD</c>, then <c>remove:SHARD</c>.
/// </remarks>
internal sealed class SweepShards(InspectionCatalog catalog, RunCatalog runs, TimeProvider time)
{
    /// <summary>Younger bytes stay: whoever wrote them may not have been heard yet.</summary>
    public static readonly TimeSpan YoungestSwept = TimeSpan.FromDays(1);

    // A store's clock may be behind ours by so much before its bytes look older than they are.
    private static readonly TimeSpan ClockError = TimeSpan.FromHours(1);

    private const string Look = "look";
    private const string Removal = "remove";

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
        var trusted = (await runs.GetSettingsAsync(cancellationToken)).SweepTrusted;
        var (looking, found, from) = Parse(cursor);
        var step = new Progress(id, looking, trusted, looking && mode is SweepMode.Remove or SweepMode.Repair ? null : mode) { Found = found };
        var position = await ShardWalk.RunAsync(
            from, after => after + 1 < next.Tenant ? after + 1 : null, shard => VisitAsync(store, shard, step, cancellationToken), time);
        if (step.IsOlder)
        {
            await TurnOffAsync(mode, cancellationToken);
            return new TaskStep(null, step.Chunks, step.Bytes, step.Findings);
        }

        var further = position is not null ? looking ? $"{Look}:{(step.Found ? 1 : 0)}:{position}" : $"{Removal}:{position}"
            : step.Mode is null && step.Found ? $"{Removal}:"
            : null;
        return new TaskStep(further, step.Chunks, step.Bytes, step.Findings);
    }

    private static (bool Looking, bool Found, string? From) Parse(string? cursor)
    {
        var parts = cursor?.Split(':', 3) ?? [];
        return parts is [Look, var found, var from] ? (true, found == "1", from)
            : parts is [Removal, ..] ? (false, true, cursor!.Length > Removal.Length + 1 ? cursor[(Removal.Length + 1)..] : null)
            : (true, false, null);
    }

    private async Task TurnOffAsync(SweepMode mode, CancellationToken cancellationToken)
    {
        if (mode is SweepMode.Remove or SweepMode.Repair)
        {
            await runs.UpdateSettingsAsync(static settings => settings with { Sweep = false }, cancellationToken);
        }
    }

    private async Task<ShardVisit> VisitAsync(IChunkStore store, ShardPosition shard, Progress step, CancellationToken cancellationToken)
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

        // 2. What no row knows. Whoever wrote it had the id before, so what was written meanwhile is known.
        var unknown = await UnknownAsync(shard, listing, cancellationToken);
        var suspect = unknown.FindAll(copy => copy.Entry.Modified >= step.Trusted).ConvertAll(static copy => (copy.Location, copy.Entry.Modified + ClockError));
        if (suspect.Count > 0 && await catalog.AnyOlderThanItsIdAsync(suspect, cancellationToken))
        {
            step.Older();
            return ShardVisit.Done;
        }

        // 3. Of that what is old enough.
        var before = time.GetUtcNow() - YoungestSwept;
        foreach (var (_, entry) in unknown.FindAll(copy => copy.Entry.Modified < before))
        {
            step.Found = true;
            if (step.Mode is { } mode)
            {
                await RemoveAsync(store, step.Store, entry, mode, step, cancellationToken);
            }
        }

        step.Count(listing);
        return ShardVisit.Done;
    }

    private async Task<List<(LocationId Location, ChunkListing Entry)>> UnknownAsync(ShardPosition shard, List<ChunkListing> listing, CancellationToken cancellationToken)
    {
        // A name that the catalog does not give is nobody's business here.
        var copies = listing.FindAll(static entry => StoreListing.LocationOf(entry.Key) is not null)
            .ConvertAll(static entry => (Location: new LocationId(StoreListing.LocationOf(entry.Key)!.Value), Entry: entry));
        var known = await catalog.KnownAsync(new TenantId(shard.Tenant), copies.ConvertAll(static copy => (copy.Location, copy.Entry.Key.Hash)), cancellationToken);
        return [.. copies.Where((_, i) => !known[i])];
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

    /// <summary>What a step has come to. Without a mode it only looks.</summary>
    private sealed class Progress(StoreId store, bool looking, DateTimeOffset trusted, SweepMode? mode)
    {
        public StoreId Store => store;

        public DateTimeOffset Trusted => trusted;

        public SweepMode? Mode => mode;

        public bool Found { get; set; }

        public bool IsOlder { get; private set; }

        public long Chunks { get; private set; }

        public long Bytes { get; private set; }

        public List<TaskFinding> Findings { get; } = [];

        public void Older()
        {
            IsOlder = true;
            Findings.Add(new TaskFinding(
                FindingKind.Error,
                "catalog-older",
                "The store holds copies that this catalog cannot have made, as after the restore of a backup. Nothing is removed until sweeping is turned on.",
                null,
                store));
        }

        // What is walked twice counts once.
        public void Count(List<ChunkListing> listing)
        {
            if (looking)
            {
                Chunks += listing.Count;
                Bytes += listing.Sum(static entry => entry.Length);
            }
        }
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

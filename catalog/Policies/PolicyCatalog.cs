using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// What policies have to do: chunks that a populated store lacks, that a drained one still has, that are over a limit. Reads
/// only, by pages whose cost does not grow with the catalog; what they say is decided again when it is acted upon.
/// </summary>
public sealed class PolicyCatalog(CatalogDatabase database)
{
    private static readonly Sql SelectScopeSize = new("SELECT unique_chunks, unique_bytes FROM usage WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql SelectStoreSize = new("SELECT stored_chunks, stored_bytes FROM store_space WHERE store = ?1");

    /// <summary>How much a scope and a store hold; zeros for what does not exist.</summary>
    public Task<PolicySizes> SizesAsync(TenantId tenant, ScopeId scope, StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session =>
            {
                var ofScope = Pair(session, SelectScopeSize, tenant, scope);
                var ofStore = Pair(session, SelectStoreSize, store);
                return new PolicySizes(ofScope.Chunks, ofScope.Bytes, ofStore.Chunks, ofStore.Bytes, StorePages.Last(session, store));
            },
            cancellationToken);

    /// <summary>Stored bytes and copies of a store.</summary>
    public Task<PolicyTotals> StoredAsync(StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Pair(session, SelectStoreSize, store), cancellationToken);

    /// <summary>A page of a scope's chunks that a store lacks.</summary>
    public Task<ScopePage> MissingAsync(TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ScopePages.Missing(session, tenant, scope, store, after, limit), cancellationToken);

    /// <summary>A page of a scope's chunks that a store has.</summary>
    public Task<ScopePage> PresentAsync(TenantId tenant, ScopeId scope, StoreId store, ChunkHash? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ScopePages.Present(session, tenant, scope, store, after, limit), cancellationToken);

    /// <summary>A page of a store's copies, up to one of them, whose chunks a scope references: the shorter walk where the store holds less than the scope.</summary>
    public Task<StorePage> PresentInAsync(StoreId store, ScopeId scope, LocationId? after, LocationId last, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => StorePages.OfScope(session, store, scope, after, last, limit), cancellationToken);

    /// <summary>A page of copies whose chunk is referenced, but by no scope that has the store attached.</summary>
    public Task<StorePage> LeftoverAsync(StoreId store, LocationId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => StorePages.Leftover(session, store, after, limit), cancellationToken);

    /// <summary>Counts what a populated store lacks, walking the whole scope by pages.</summary>
    public Task<PolicyTotals> CountMissingAsync(TenantId tenant, ScopeId scope, StoreId store, CancellationToken cancellationToken) =>
        CountAsync(after => MissingAsync(tenant, scope, store, after, ScopePages.Window, cancellationToken));

    /// <summary>Counts what a drained store still has of a scope.</summary>
    public async Task<PolicyTotals> CountPresentAsync(TenantId tenant, ScopeId scope, StoreId store, CancellationToken cancellationToken)
    {
        var sizes = await SizesAsync(tenant, scope, store, cancellationToken);
        if (sizes.LastLocation is not { } last)
        {
            return default;
        }

        if (sizes.ScopeChunks <= sizes.StoreChunks)
        {
            return await CountAsync(after => PresentAsync(tenant, scope, store, after, ScopePages.Window, cancellationToken));
        }

        var totals = default(PolicyTotals);
        LocationId? next = null;
        do
        {
            var page = await PresentInAsync(store, scope, next, last, StorePages.Window, cancellationToken);
            totals = Add(totals, page.Chunks);
            next = page.Next;
        }
        while (next is not null);

        return totals;
    }

    /// <summary>A page of what a scope's change log says since a position.</summary>
    public Task<FollowPage> ChangesAsync(TenantId tenant, ScopeId scope, StoreId store, FollowPosition from, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => FollowPages.Read(session, tenant, scope, store, from, limit), cancellationToken);

    /// <summary>Where a scope's change log ends.</summary>
    public Task<long> HeadAsync(ScopeId scope, CancellationToken cancellationToken) =>
        database.ReadAsync(session => FollowPages.Head(session, scope), cancellationToken);

    /// <summary>How far a populated store is known to have everything; null when that was never looked at.</summary>
    public Task<PopulateProgress?> ProgressAsync(ScopeId scope, StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(session => PopulateProgressTable.Find(session, scope, store), cancellationToken);

    /// <summary>Records it; false when the attachment does not ask to be populated any more.</summary>
    public Task<bool> SaveProgressAsync(ScopeId scope, StoreId store, PopulateProgress progress, CancellationToken cancellationToken) =>
        database.WriteAsync(session => PopulateProgressTable.Save(session, scope, store, progress), cancellationToken);

    /// <summary>
    /// What a scope alone claims in a store, and the least recently read part of it. Walks the scope once; memory is what is
    /// asked for.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="store">The store.</param>
    /// <param name="after">Only what comes later than this one, in the order of time and name, is chosen.</param>
    /// <param name="limit">Most chunks that are chosen; 0 to count only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ScopeClaim> ClaimAsync(TenantId tenant, ScopeId scope, StoreId store, PolicyChunk? after, int limit, CancellationToken cancellationToken)
    {
        var tally = new ClaimTally(after, limit);
        ChunkHash? next = null;
        do
        {
            var from = next;
            var (window, end) = await database.ReadAsync(session => ScopePages.Claimed(session, tenant, scope, store, from), cancellationToken);
            window.ForEach(item => tally.Add(item.Chunk, item.KeptForAnother));
            next = end;
        }
        while (next is not null);

        return tally.Result();
    }

    /// <summary>The next least recently read copies of a store, over all tenants and scopes.</summary>
    public async Task<LeastRecentPage> LeastRecentAsync(StoreId store, LeastRecentPosition from, int limit, CancellationToken cancellationToken)
    {
        // 1. Read ones: at most a page.
        var read = await database.ReadAsync(session => LeastRecentlyRead.Read(session, store, from, limit), cancellationToken);

        // 2. Never read ones, as far as they may come before the last of those. Each window is a read of its own.
        var unread = new List<LeastRecentlyRead.Candidate>();
        var looked = from.Unread;
        var mayBeMore = true;
        while (unread.Count < limit && mayBeMore)
        {
            var (after, room) = (looked, limit - unread.Count);
            var window = await database.ReadAsync(session => LeastRecentlyRead.Unread(session, store, after, room), cancellationToken);
            unread.AddRange(window.Found);
            mayBeMore = window.End is { } end && (read.Count < limit || end.Created <= read[^1].Used);
            looked = window.End?.Id ?? long.MaxValue;
        }

        return Merge(read, unread, from, looked, limit);
    }

    // Takes the earlier of both, until a page is full. What one walk looked at and did not take is looked at again.
    private static LeastRecentPage Merge(
        List<LeastRecentlyRead.Candidate> read, List<LeastRecentlyRead.Candidate> unread, LeastRecentPosition from, long looked, int limit)
    {
        var chosen = new List<PolicyChunk>(Math.Min(limit, read.Count + unread.Count));
        var (r, u) = (0, 0);
        var next = from;
        while (r + u < limit && (r < read.Count || u < unread.Count))
        {
            var takeRead = u >= unread.Count || (r < read.Count && read[r].Used < unread[u].Used);
            var candidate = takeRead ? read[r++] : unread[u++];
            next = takeRead
                ? next with { ReadAt = candidate.At, ReadTenant = candidate.Tenant.Value, ReadHash = candidate.Hash }
                : next with { Unread = candidate.Id };
            if (candidate.Length is { } length)
            {
                chosen.Add(new PolicyChunk(candidate.Tenant, candidate.Hash, length, DateTimeOffset.FromUnixTimeMilliseconds(candidate.Used)));
            }
        }

        // All never read ones that were found are taken: what was looked at beyond them needs no second look.
        if (u == unread.Count && looked != long.MaxValue && looked > next.Unread)
        {
            next = next with { Unread = looked };
        }

        var ended = read.Count < limit && unread.Count < limit && r == read.Count && u == unread.Count;
        return new LeastRecentPage(chosen, next, ended);
    }

    private static async Task<PolicyTotals> CountAsync(Func<ChunkHash?, Task<ScopePage>> read)
    {
        var totals = default(PolicyTotals);
        ChunkHash? after = null;
        do
        {
            var page = await read(after);
            totals = Add(totals, page.Chunks);
            after = page.Next;
        }
        while (after is not null);

        return totals;
    }

    private static PolicyTotals Add(PolicyTotals totals, IReadOnlyList<PolicyChunk> chunks) =>
        new(totals.Chunks + chunks.Count, totals.Bytes + chunks.Sum(static chunk => chunk.Size));

    private static PolicyTotals Pair(CatalogSession session, Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = session.Query(sql, values);
        return rows.Read() ? new PolicyTotals(rows.Long(0), rows.Long(1)) : default;
    }
}

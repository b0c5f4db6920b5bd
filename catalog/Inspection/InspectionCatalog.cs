using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The catalog's side of comparing it with the stores: which copies should be where, which bytes are known, and what
/// becomes of copies that are missing or damaged. Each decision is a transaction of its own under the chunk's lock.
/// </summary>
public sealed class InspectionCatalog(CatalogDatabase database)
{
    /// <summary>Stored and damaged copies of a tenant's chunks between two names, both included, in one store.</summary>
    public Task<IReadOnlyList<InspectedCopy>> ShardAsync(StoreId store, TenantId tenant, byte[] first, byte[] last, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Inspection.Shard(session, store, tenant, first, last, limit), cancellationToken);

    /// <summary>Stored copies of a store in the order of their ids, for reading them all.</summary>
    public Task<IReadOnlyList<InspectedCopy>> WalkAsync(StoreId store, LocationId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Inspection.Walk(session, store, after, limit), cancellationToken);

    /// <summary>Stored copies in one store of the chunks that a scope references, in the order of chunks.</summary>
    public Task<IReadOnlyList<InspectedCopy>> WalkScopeAsync(StoreId store, ScopeId scope, ChunkHash? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Inspection.WalkScope(session, store, scope, after, limit), cancellationToken);

    /// <summary>Which of these copies of a tenant's chunks have a row of any state.</summary>
    public Task<bool[]> KnownAsync(TenantId tenant, IReadOnlyList<(LocationId Location, ChunkHash Chunk)> copies, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Inspection.Known(session, tenant, copies), cancellationToken);

    /// <summary>State of a copy now; null when its row is gone.</summary>
    public Task<LocationState?> StateAsync(LocationId location, CancellationToken cancellationToken) =>
        database.ReadAsync<LocationState?>(session => LocationLedger.Find(session, location)?.State, cancellationToken);

    /// <summary>Ids that no tenant and no copy have had yet; a store that holds greater ones is newer than this catalog.</summary>
    public Task<(long Tenant, long Location)> NextIdsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(Inspection.NextIds, cancellationToken);

    /// <summary>
    /// Looks for bytes that this catalog cannot have written: their id was given later than they were written, or not yet. They
    /// come from a later state of it, and a backup was restored since.
    /// </summary>
    /// <param name="bytes">Ids that no row knows, and when their bytes were written at the latest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<bool> AnyOlderThanItsIdAsync(IReadOnlyList<(LocationId Location, DateTimeOffset Modified)> bytes, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Inspection.AnyOlderThanItsId(session, bytes), cancellationToken);

    /// <summary>
    /// A stored copy is missing or damaged and cannot be repaired: it is passed over from now on, so that the same content
    /// that is uploaded again is written again. One that nobody needs is deleted instead.
    /// </summary>
    public Task<DamageOutcome> MarkDamagedAsync(InspectedCopy copy, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Inspection.MarkDamaged(session, copy), cancellationToken);

    /// <summary>A damaged copy was read and is good, or a good one was made beside it.</summary>
    public Task<DamageOutcome> SettleDamagedAsync(InspectedCopy copy, bool isGood, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Inspection.SettleDamaged(session, copy, isGood), cancellationToken);

    /// <summary>Removes a page of times of last reading whose copy is gone.</summary>
    /// <param name="store">The store.</param>
    /// <param name="after">Key of the last row of the page before; null from the first.</param>
    /// <param name="limit">Rows to look at.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    /// <returns>Key of the last row that was looked at; null at the end.</returns>
    public Task<AccessKey?> PruneAccessAsync(StoreId store, AccessKey? after, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Inspection.PruneAccess(session, store, after, limit), cancellationToken);
}

/// <summary>Key of a time of last reading in one store.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Chunk">The chunk.</param>
public sealed record AccessKey(TenantId Tenant, ChunkHash Chunk);

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A stored copy whose bytes were not what its name says when somebody read it.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Store">Where it is.</param>
/// <param name="Location">Which copy.</param>
/// <param name="Chunk">What it should be.</param>
public readonly record struct DamagedCopy(TenantId Tenant, StoreId Store, LocationId Location, ChunkHash Chunk);

/// <summary>
/// Copies that readers found damaged, until they are repaired. A row outlives the process that found it: repair comes with
/// the store's maintenance, on whichever silo, and every silo reads such a copy last.
/// </summary>
public sealed class RepairCatalog(CatalogDatabase database)
{
    private static readonly Sql InsertDamaged = new("""
        INSERT OR IGNORE INTO repair_queue (store, location, tenant, chunk, due)
        SELECT l.store, l.id, l.tenant, l.chunk, ?3 FROM location l WHERE l.id = ?1 AND l.store = ?2 AND l.state = 1
        """);

    private static readonly Sql SelectDue = new(
        "SELECT location, tenant, chunk FROM repair_queue WHERE store = ?1 AND due <= ?2 ORDER BY location LIMIT ?3");

    private static readonly Sql UpdateDue = new("UPDATE repair_queue SET due = ?3 WHERE store = ?1 AND location = ?2");

    private static readonly Sql SelectAll = new("SELECT store, location, tenant, chunk FROM repair_queue ORDER BY store, location LIMIT ?1");

    private static readonly Sql DeleteDamaged = new("DELETE FROM repair_queue WHERE store = ?1 AND location = ?2");

    // Copies that were condemned, removed or moved meanwhile need no repair any more.
    private static readonly Sql SelectGone = new("""
        SELECT q.location FROM repair_queue q LEFT JOIN location l ON l.id = q.location AND l.state = 1
        WHERE q.store = ?1 AND l.id IS NULL ORDER BY q.location LIMIT ?2
        """);

    /// <summary>Queues copies for repair; those that are queued, or stored no more, are passed over.</summary>
    public Task ReportAsync(IReadOnlyList<DamagedCopy> copies, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                foreach (var copy in copies)
                {
                    session.Execute(InsertDamaged, copy.Location, copy.Store, session.Now);
                }

                return copies.Count;
            },
            cancellationToken);

    /// <summary>Damaged copies of a store whose repair is to be tried now.</summary>
    /// <param name="store">The store.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<DamagedCopy>> NextDueAsync(StoreId store, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<DamagedCopy>>(
            session =>
            {
                var found = new List<DamagedCopy>();
                using var rows = session.Query(SelectDue, store, session.Now, limit);
                while (rows.Read())
                {
                    found.Add(new DamagedCopy(new TenantId(rows.Long(1)), store, new LocationId(rows.Long(0)), rows.Hash(2)));
                }

                return found;
            },
            cancellationToken);

    /// <summary>The repair was tried in vain: again after a while.</summary>
    public Task PostponeAsync(StoreId store, LocationId location, TimeSpan wait, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(UpdateDue, store, location, session.Now + wait), cancellationToken);

    /// <summary>Damaged copies of all stores, at most so many; for a silo that starts.</summary>
    public Task<IReadOnlyList<DamagedCopy>> AllAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<DamagedCopy>>(
            session =>
            {
                var found = new List<DamagedCopy>();
                using var rows = session.Query(SelectAll, limit);
                while (rows.Read())
                {
                    found.Add(new DamagedCopy(new TenantId(rows.Long(2)), new StoreId(rows.Long(0)), new LocationId(rows.Long(1)), rows.Hash(3)));
                }

                return found;
            },
            cancellationToken);

    /// <summary>The copy is good after all, or is gone: it needs no repair.</summary>
    public Task RemoveAsync(StoreId store, LocationId location, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(DeleteDamaged, store, location), cancellationToken);

    /// <summary>Forgets copies of a store that are stored no more.</summary>
    /// <returns>How many; a full page means that there may be more.</returns>
    public Task<int> ForgetGoneAsync(StoreId store, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var gone = new List<LocationId>();
                using (var rows = session.Query(SelectGone, store, limit))
                {
                    while (rows.Read())
                    {
                        gone.Add(new LocationId(rows.Long(0)));
                    }
                }

                gone.ForEach(location => session.Execute(DeleteDamaged, store, location));
                return gone.Count;
            },
            cancellationToken);
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A silo that is to leave.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Since">Since when its local stores take nothing new.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Run">The newest run that empties its stores.</param>
public sealed record SiloDrain(string Silo, DateTimeOffset Since, string Actor, long Run);

/// <summary>What a local store of a silo that is to leave still holds.</summary>
/// <param name="Store">The store.</param>
/// <param name="Chunks">Stored copies, those that nothing references any more among them.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="IsNeeded">Whether anything of it is needed: a copy of a referenced chunk, or a write that is under way.</param>
public sealed record DrainedStore(StoreId Store, long Chunks, long Bytes, bool IsNeeded);

/// <summary>
/// Silos that are drained: from the transaction that says so, no upload and no copy begins in their local stores, and no
/// upload relies on what lies there unreferenced. A run empties the stores; that nothing is needed any more is asked of the
/// rows, never remembered.
/// </summary>
public sealed class SiloDrainCatalog(CatalogDatabase database, TopologyCache topology)
{
    private static readonly Sql SelectAll = new("SELECT silo, since, actor, run FROM silo_drain ORDER BY silo");

    private static readonly Sql SelectOne = new("SELECT silo, since, actor, run FROM silo_drain WHERE silo = ?1");

    private static readonly Sql Upsert = new("""
        INSERT INTO silo_drain (silo, since, actor, run) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (silo) DO UPDATE SET actor = excluded.actor, run = excluded.run
        """);

    private static readonly Sql Delete = new("DELETE FROM silo_drain WHERE silo = ?1");

    private static readonly Sql SelectKnown = new("SELECT 1 FROM silo_epoch WHERE silo = ?1 UNION ALL SELECT 1 FROM store WHERE silo = ?1 LIMIT 1");

    private static readonly Sql SelectHeld = new("SELECT stored_chunks, stored_bytes FROM store_space WHERE store = ?1");

    private static readonly Sql SelectReferenced = new("""
        SELECT 1 FROM location l WHERE l.store = ?1 AND l.state = 1
          AND EXISTS (SELECT 1 FROM chunk c WHERE c.tenant = l.tenant AND c.hash = l.chunk AND c.refs > 0)
        LIMIT 1
        """);

    private static readonly Sql SelectUnderWay = new("""
        SELECT 1 FROM location WHERE state = 0 AND store = ?1 AND epoch IN (SELECT id FROM silo_epoch WHERE ended IS NULL) LIMIT 1
        """);

    /// <summary>Silos that are drained, by name.</summary>
    public Task<IReadOnlyList<SiloDrain>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<SiloDrain>>(
            static session =>
            {
                var found = new List<SiloDrain>();
                using var rows = session.Query(SelectAll);
                while (rows.Read())
                {
                    found.Add(Read(rows));
                }

                return found;
            },
            cancellationToken);

    /// <summary>
    /// Drains a silo: its local stores take nothing new from now on, and a run empties them. Refused, with nothing changed,
    /// where a scope would be left without a store for uploads. Draining it again gives the run that is under way, or a new one.
    /// </summary>
    /// <returns>The run; or not-found, or no-target.</returns>
    public async Task<CreatedResult<long>> BeginAsync(string silo, string actor, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, OperationCatalog.NoTenant, operation, () => Begin(session, silo, actor)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToCreated(static id => id);
    }

    /// <summary>Takes it back: the stores take uploads again, and the run that empties them ends. Safe to repeat.</summary>
    public async Task<AdminResult> EndAsync(string silo, CancellationToken cancellationToken)
    {
        var result = await database.WriteAsync(
            session =>
            {
                TopologyTables.Lock(session);
                if (Find(session, silo) is not { } drain)
                {
                    return IsKnown(session, silo) ? AdminResult.Done : NoSuchSilo(silo).ToResult();
                }

                session.Execute(Delete, silo);
                RunTable.Cancel(session, drain.Run);
                TopologyTables.Bump(session);
                return AdminResult.Done;
            },
            cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return result;
    }

    /// <summary>What a store of a drained silo still holds.</summary>
    public Task<DrainedStore> HeldAsync(StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(session => new DrainedStore(store, Held(session, store).Chunks, Held(session, store).Bytes, IsNeeded(session, store)), cancellationToken);

    /// <summary>A page of a store's copies whose chunks something references.</summary>
    public Task<StorePage> ReferencedAsync(StoreId store, LocationId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => StorePages.Referenced(session, store, after, limit), cancellationToken);

    private static AdminOutcome Begin(CatalogSession session, string silo, string actor)
    {
        if (!IsKnown(session, silo))
        {
            return NoSuchSilo(silo);
        }

        if (Find(session, silo) is { } under && RunTable.Lock(session, under.Run) is { State: RunState.Running or RunState.Paused })
        {
            return new AdminOutcome(AdminStatus.Accepted, Id: under.Run.ToString());
        }

        var current = TopologyTables.Read(session);
        if (DrainRule.Obstacle(current, silo) is { } obstacle)
        {
            return AdminOutcome.Refuse(AdminStatus.NoTarget, obstacle, "silo");
        }

        var run = RunTable.Create(session, new NewRun { Trigger = RunTrigger.Operator, Actor = actor, Tasks = RunPlan.Empty(current, silo) });
        session.Execute(Upsert, silo, session.Now, actor, run);
        TopologyTables.Bump(session);
        return new AdminOutcome(AdminStatus.Accepted, Id: run.ToString());
    }

    private static bool IsNeeded(CatalogSession session, StoreId store) => session.Exists(SelectReferenced, store) || session.Exists(SelectUnderWay, store);

    private static (long Chunks, long Bytes) Held(CatalogSession session, StoreId store)
    {
        using var rows = session.Query(SelectHeld, store);
        return rows.Read() ? (rows.Long(0), rows.Long(1)) : default;
    }

    private static SiloDrain? Find(CatalogSession session, string silo)
    {
        using var rows = session.Query(SelectOne, silo);
        return rows.Read() ? Read(rows) : null;
    }

    private static SiloDrain Read(SqlRows rows) => new(rows.Text(0), rows.Time(1), rows.Text(2), rows.Long(3));

    private static bool IsKnown(CatalogSession session, string silo) => session.Exists(SelectKnown, silo);

    private static AdminOutcome NoSuchSilo(string silo) =>
        AdminOutcome.Refuse(AdminStatus.NotFound, $"There is no silo '{silo}'; a store that belongs to no silo is emptied by draining it in its scopes.");
}

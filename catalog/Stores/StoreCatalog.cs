using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>File stores: settings, limits and space.</summary>
public sealed partial class StoreCatalog(CatalogDatabase database, TopologyCache topology)
{
    private static readonly Sql SelectByName = new("SELECT id FROM store WHERE name = ?1");

    private static readonly Sql InsertStore = new("""
        INSERT INTO store (id, name, backend, configuration, secrets, silo, instance_wide, soft_max_size, max_size, max_reads, max_writes, verify_by_backend, created)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        """);

    private static readonly Sql InsertSpace = new("INSERT INTO store_space (store) VALUES (?1)");

    private static readonly Sql SelectActive = new("SELECT backend, configuration FROM store WHERE id = ?1 AND state = 0");

    private static readonly Sql UpdateStore = new("""
        UPDATE store SET instance_wide = ?2, soft_max_size = ?3, max_size = ?4, max_reads = ?5, max_writes = ?6, verify_by_backend = ?7,
            secrets = COALESCE(?8, secrets), configuration = COALESCE(?9, configuration)
        WHERE id = ?1
        """);

    private static readonly Sql CountScopes = new("SELECT COUNT(*) FROM attachment WHERE store = ?1");

    private static readonly Sql SelectHeld = new("""
        SELECT s.name FROM attachment a JOIN scope s ON s.id = a.scope
        WHERE a.store = ?1 AND (s.legal_hold = 1 OR s.holds > 0) ORDER BY s.id LIMIT 1
        """);

    private static readonly Sql SelectAnyLocation = new("""
        SELECT 1 FROM location WHERE store = ?1 AND state = 1
        UNION ALL SELECT 1 FROM location WHERE store = ?1 AND state = 2
        UNION ALL SELECT 1 FROM location WHERE store = ?1 AND state = 3
        UNION ALL SELECT 1 FROM location WHERE state = 0 AND store = ?1 AND epoch IN (SELECT id FROM silo_epoch)
        LIMIT 1
        """);

    private static readonly Sql RetireStore = new("UPDATE store SET state = 1, name = name || '~' || id WHERE id = ?1");

    private static readonly Sql DeleteTenantStores = new("DELETE FROM tenant_store WHERE store = ?1");

    private static readonly Sql DeleteStore = new("DELETE FROM store WHERE id = ?1");

    private static readonly Sql DeleteSpace = new("DELETE FROM store_space WHERE store = ?1");

    private static readonly Sql DeleteBlocksOf = new("DELETE FROM block WHERE store = ?1");

    private static readonly Sql DeleteAccess = new("DELETE FROM access WHERE store = ?1");

    /// <summary>Creates a store. That its place can be used is the caller's check.</summary>
    public async Task<CreatedResult<StoreId>> CreateAsync(NewFileStore store, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(operation, session => Create(session, store), cancellationToken)).ToCreated(static id => new StoreId(id));

    /// <summary>
    /// Replaces limits, bounds and secrets (D49); of the configuration only what is not the place may differ (D50).
    /// </summary>
    public async Task<AdminResult> UpdateAsync(StoreId store, FileStoreSettings settings, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(operation, session => Update(session, store, settings), cancellationToken)).ToResult();

    /// <summary>
    /// Deletes a store: refused while it holds chunks or a scope uses it. Forced, it is detached everywhere and its bytes
    /// are queued for deletion, even the last copies (D51), unless a scope that uses it has something under legal hold (S22).
    /// </summary>
    /// <returns>Done when nothing was left, Accepted when background pages remove its content first.</returns>
    public async Task<AdminResult> DeleteAsync(StoreId store, bool force, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(operation, session => Delete(session, store, force), cancellationToken)).ToResult();

    /// <summary>Removes a store's rows when none of its copies is left; true when they are gone.</summary>
    internal static bool TryRemove(CatalogSession session, StoreId store)
    {
        if (session.Exists(SelectAnyLocation, store))
        {
            return false;
        }

        session.Execute(DeleteBlocksOf, store);
        session.Execute(DeleteSpace, store);
        session.Execute(DeleteAccess, store);
        session.Execute(DeleteStore, store);
        return true;
    }

    private async Task<AdminOutcome> RunAsync(OperationKey? operation, Func<CatalogSession, AdminOutcome> work, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, OperationCatalog.NoTenant, operation, () => work(session)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome;
    }

    private static AdminOutcome Create(CatalogSession session, NewFileStore store)
    {
        if (!ResourceName.IsValid(store.Name))
        {
            return AdminOutcome.Invalid(ResourceName.Rule, "name");
        }

        if (StoreRules.CheckBackend(store.Backend, store.Configuration) is { } unknown)
        {
            return unknown;
        }

        if (StoreRules.CheckLimits(store.Settings) is { } refused)
        {
            return refused;
        }

        if (session.Exists(SelectByName, store.Name))
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, $"There is a store named '{store.Name}'.", "name");
        }

        var id = new StoreId(session.NextId("store"));
        var settings = store.Settings;
        session.Execute(
            InsertStore, id, store.Name, store.Backend, store.Configuration, store.EncryptedSecrets, store.Silo, settings.InstanceWide, settings.SoftMaxSize,
            settings.MaxSize, settings.MaxConcurrentReads, settings.MaxConcurrentWrites, settings.VerifyByBackend, session.Now);
        session.Execute(InsertSpace, id);
        TopologyTables.Bump(session);
        return new AdminOutcome(AdminStatus.Created, Id: id.ToString());
    }

    private static AdminOutcome Update(CatalogSession session, StoreId store, FileStoreSettings settings)
    {
        using (var rows = session.Query(SelectActive, store))
        {
            if (!rows.Read())
            {
                return StoreNotFound();
            }

            if (StoreRules.CheckPlace(rows.Text(0), rows.Text(1), settings.Configuration) is { } moved)
            {
                return moved;
            }
        }

        if (StoreRules.CheckLimits(settings) is { } refused)
        {
            return refused;
        }

        var scopes = session.Scalar(CountScopes, store) ?? 0;
        if (!settings.InstanceWide && scopes > 1)
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, $"The store is used by {scopes} scopes, so it stays instance-wide.", "instanceWide");
        }

        if (settings.MaxSize is { } maxSize && SpaceLedger.ShrinkTo(session, store, maxSize) is { } charged)
        {
            return AdminOutcome.Refuse(
                AdminStatus.Conflict, $"The store holds {charged} bytes, more than the limit allows; set softMaxSize first, so that maintenance moves content away.", "maxSize");
        }

        session.Execute(
            UpdateStore, store, settings.InstanceWide, settings.SoftMaxSize, settings.MaxSize, settings.MaxConcurrentReads, settings.MaxConcurrentWrites,
            settings.VerifyByBackend, settings.EncryptedSecrets, settings.Configuration);
        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static AdminOutcome Delete(CatalogSession session, StoreId store, bool force)
    {
        if (!session.Exists(SelectActive, store))
        {
            return StoreNotFound();
        }

        if (!force)
        {
            var chunks = SpaceLedger.Find(session, store)?.Chunks ?? 0;
            if (chunks > 0)
            {
                return AdminOutcome.Refuse(AdminStatus.NotEmpty, $"The store still holds {chunks} chunks; drain it first.");
            }

            var scopes = session.Scalar(CountScopes, store) ?? 0;
            if (scopes > 0)
            {
                return AdminOutcome.Refuse(AdminStatus.Conflict, $"The store is still used by {scopes} scopes; detach it from them first.");
            }
        }

        if (FindHeld(session, store) is { } held)
        {
            return AdminOutcome.Refuse(AdminStatus.LegalHold, $"Scope '{held}' is under legal hold, or has files that are, and uses the store.");
        }

        AttachmentTable.RemoveOfStore(session, store);
        session.Execute(DeleteTenantStores, store);
        session.Execute(RetireStore, store);
        TopologyTables.Bump(session);
        return TryRemove(session, store) ? AdminOutcome.Done : new AdminOutcome(AdminStatus.Accepted);
    }

    private static string? FindHeld(CatalogSession session, StoreId store)
    {
        using var rows = session.Query(SelectHeld, store);
        return rows.Read() ? rows.Text(0) : null;
    }

    private static AdminOutcome StoreNotFound() => AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such store.");
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Tenants: their settings, the stores they may attach, and their usage.</summary>
public sealed class TenantCatalog(CatalogDatabase database, TopologyCache topology)
{
    private static readonly Sql SelectByName = new("SELECT id FROM tenant WHERE name = ?1");

    private static readonly Sql SelectActive = new("SELECT id FROM tenant WHERE id = ?1 AND state = 0");

    private static readonly Sql InsertTenant = new(
        "INSERT INTO tenant (id, name, quota, max_file, requests_per_minute, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    private static readonly Sql UpdateTenant = new(
        "UPDATE tenant SET quota = ?2, max_file = ?3, requests_per_minute = ?4, row_version = row_version + 1 WHERE id = ?1 AND state = 0");

    private static readonly Sql SelectStore = new("SELECT id FROM store WHERE id = ?1 AND state = 0");

    private static readonly Sql InsertStore = new("INSERT INTO tenant_store (tenant, store) VALUES (?1, ?2)");

    private static readonly Sql AddStore = new("INSERT OR IGNORE INTO tenant_store (tenant, store) VALUES (?1, ?2)");

    private static readonly Sql DeleteStores = new("DELETE FROM tenant_store WHERE tenant = ?1");

    private static readonly Sql CountScopes = new("SELECT COUNT(*) FROM scope WHERE tenant = ?1");

    private static readonly Sql CountHeld = new("SELECT COUNT(*) FROM scope WHERE tenant = ?1 AND (legal_hold = 1 OR holds > 0)");

    private static readonly Sql RetireTenant = new("UPDATE tenant SET state = 1, name = name || '~' || id, row_version = row_version + 1 WHERE id = ?1");

    private static readonly Sql DeleteKeys = new("DELETE FROM api_key WHERE tenant = ?1");

    /// <summary>Creates a tenant.</summary>
    public async Task<CreatedResult<TenantId>> CreateAsync(string name, TenantSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, OperationCatalog.NoTenant, operation, () => Create(session, name, settings)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToCreated(static id => new TenantId(id));
    }

    /// <summary>Replaces a tenant's settings.</summary>
    public async Task<AdminResult> UpdateAsync(TenantId tenant, TenantSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, OperationCatalog.NoTenant, operation, () => Update(session, tenant, settings)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToResult();
    }

    /// <summary>Lets a tenant attach one more store, whatever else changes its settings at the same time.</summary>
    public async Task AllowStoreAsync(TenantId tenant, StoreId store, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            session =>
            {
                TopologyTables.Bump(session);
                return session.Execute(AddStore, tenant, store);
            },
            cancellationToken);
        await topology.RefreshAsync(cancellationToken);
    }

    /// <summary>Deletes a tenant without scopes; its keys end at once, its chunks go in the background.</summary>
    public async Task<AdminResult> DeleteAsync(TenantId tenant, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, OperationCatalog.NoTenant, operation, () => Delete(session, tenant)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToResult();
    }

    /// <summary>The tenant's quota and what counts against it; null when there is no such tenant.</summary>
    public Task<QuotaInfo?> GetUsageAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => UsageLedger.Find(session, tenant, UsageLedger.WholeTenant) is { } row ? new QuotaInfo(row.Quota, row.Logical, row.Reserved) : null,
            cancellationToken);

    private static AdminOutcome Create(CatalogSession session, string name, TenantSettings settings)
    {
        if (!ResourceName.IsValid(name))
        {
            return AdminOutcome.Invalid(ResourceName.Rule, "name");
        }

        if (Check(session, settings) is { } refused)
        {
            return refused;
        }

        if (session.Exists(SelectByName, name))
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, $"There is a tenant named '{name}'.", "name");
        }

        var id = new TenantId(session.NextId("tenant"));
        session.Execute(InsertTenant, id, name, settings.QuotaBytes, settings.MaxFileBytes, settings.RequestsPerMinute, session.Now);
        PutStores(session, id, settings.Stores);
        UsageLedger.Insert(session, id, UsageLedger.WholeTenant, settings.QuotaBytes);
        TopologyTables.Bump(session);
        return new AdminOutcome(AdminStatus.Created, Id: id.ToString());
    }

    private static AdminOutcome Update(CatalogSession session, TenantId tenant, TenantSettings settings)
    {
        if (!session.Exists(SelectActive, tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such tenant.");
        }

        if (Check(session, settings) is { } refused)
        {
            return refused;
        }

        session.Execute(UpdateTenant, tenant, settings.QuotaBytes, settings.MaxFileBytes, settings.RequestsPerMinute);
        session.Execute(DeleteStores, tenant);
        PutStores(session, tenant, settings.Stores);
        UsageLedger.SetQuota(session, tenant, UsageLedger.WholeTenant, settings.QuotaBytes);
        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static AdminOutcome Delete(CatalogSession session, TenantId tenant)
    {
        if (!session.Exists(SelectActive, tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such tenant.");
        }

        var held = session.Scalar(CountHeld, tenant) ?? 0;
        if (held > 0)
        {
            return AdminOutcome.Refuse(AdminStatus.LegalHold, $"{held} scopes of the tenant are under legal hold, or have files that are.");
        }

        var scopes = session.Scalar(CountScopes, tenant) ?? 0;
        if (scopes > 0)
        {
            return AdminOutcome.Refuse(AdminStatus.NotEmpty, $"The tenant still has {scopes} scopes; delete them first.");
        }

        session.Execute(RetireTenant, tenant);
        session.Execute(DeleteStores, tenant);
        session.Execute(DeleteKeys, tenant);
        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static AdminOutcome? Check(CatalogSession session, TenantSettings settings)
    {
        if (settings.QuotaBytes < 0)
        {
            return AdminOutcome.Invalid("A quota is 0 or more bytes.", "quotaBytes");
        }

        if (settings.MaxFileBytes < 0)
        {
            return AdminOutcome.Invalid("The largest file has 0 or more bytes.", "maxFileBytes");
        }

        if (settings.RequestsPerMinute < 1)
        {
            return AdminOutcome.Invalid("A rate limit is at least 1.", "requestsPerMinute");
        }

        foreach (var store in settings.Stores)
        {
            if (!session.Exists(SelectStore, store))
            {
                return AdminOutcome.Invalid("One of the stores does not exist.", "stores");
            }
        }

        return null;
    }

    private static void PutStores(CatalogSession session, TenantId tenant, IReadOnlyList<StoreId> stores)
    {
        foreach (var store in stores.Distinct())
        {
            session.Execute(InsertStore, tenant, store);
        }
    }
}

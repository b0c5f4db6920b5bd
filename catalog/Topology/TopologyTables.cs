using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Reads the whole topology in one snapshot, and counts its version.</summary>
internal static class TopologyTables
{
    private static readonly Sql SelectVersion = new("SELECT version FROM topology WHERE one = 1");

    private static readonly Sql LockVersion = new("SELECT version FROM topology WHERE one = 1 /*lock*/");

    private static readonly Sql BumpVersion = new("UPDATE topology SET version = version + 1 WHERE one = 1");

    private static readonly Sql SelectTenants = new("SELECT id, name, quota, max_file, requests_per_minute, state, created, row_version FROM tenant");

    private static readonly Sql SelectTenantStores = new("SELECT tenant, store FROM tenant_store ORDER BY tenant, store");

    private static readonly Sql SelectScopes = new("SELECT id, tenant, name, quota, keep_versions, keep_days, state, created, legal_hold FROM scope");

    private static readonly Sql SelectStores = new("""
        SELECT id, name, backend, configuration, secrets, silo, instance_wide, soft_max_size, max_size, max_reads, max_writes, verify_by_backend, state, created,
            EXISTS (SELECT 1 FROM silo_drain d WHERE d.silo = store.silo)
        FROM store
        """);

    private static readonly Sql SelectAttachments = new("""
        SELECT scope, store, upload_priority, download_priority, populate, drain, drain_to, read_only, write_only, soft_max_size, state
        FROM attachment
        """);

    private static readonly Sql SelectKeys = new("SELECT id, tenant, name, rights, scopes, expires, secret_hash, created FROM api_key");

    public static long Version(CatalogSession session) => session.Scalar(SelectVersion) ?? 0;

    /// <summary>Lets changes of settings wait for each other until the end of the transaction.</summary>
    public static void Lock(CatalogSession session) => session.Scalar(LockVersion);

    /// <summary>Says, in the transaction of a change, that there is one.</summary>
    public static void Bump(CatalogSession session) => session.Execute(BumpVersion);

    public static Topology Read(CatalogSession session) => new(
        Version(session), ReadTenants(session), ReadScopes(session), ReadStores(session), ReadAttachments(session), ReadKeys(session));

    private static List<TenantInfo> ReadTenants(CatalogSession session)
    {
        var stores = new Dictionary<long, List<StoreId>>();
        using (var rows = session.Query(SelectTenantStores))
        {
            while (rows.Read())
            {
                if (!stores.TryGetValue(rows.Long(0), out var list))
                {
                    stores[rows.Long(0)] = list = [];
                }

                list.Add(new StoreId(rows.Long(1)));
            }
        }

        var found = new List<TenantInfo>();
        using var tenants = session.Query(SelectTenants);
        while (tenants.Read())
        {
            found.Add(new TenantInfo
            {
                Id = new TenantId(tenants.Long(0)),
                Name = tenants.Text(1),
                Settings = new TenantSettings
                {
                    QuotaBytes = tenants.LongOrNull(2),
                    MaxFileBytes = tenants.LongOrNull(3),
                    RequestsPerMinute = tenants.IntOrNull(4),
                    Stores = stores.GetValueOrDefault(tenants.Long(0))?.ToArray() ?? [],
                },
                State = (TenantState)tenants.Int(5),
                Created = tenants.Time(6),
                RowVersion = tenants.Long(7),
            });
        }

        return found;
    }

    private static List<ScopeInfo> ReadScopes(CatalogSession session)
    {
        var found = new List<ScopeInfo>();
        using var rows = session.Query(SelectScopes);
        while (rows.Read())
        {
            found.Add(new ScopeInfo
            {
                Id = new ScopeId(rows.Long(0)),
                Tenant = new TenantId(rows.Long(1)),
                Name = rows.Text(2),
                Settings = new ScopeSettings { QuotaBytes = rows.LongOrNull(3), KeepVersions = rows.Int(4), KeepDays = rows.IntOrNull(5), LegalHold = rows.Flag(8) },
                State = (ScopeState)rows.Int(6),
                Created = rows.Time(7),
            });
        }

        return found;
    }

    private static List<StoreInfo> ReadStores(CatalogSession session)
    {
        var found = new List<StoreInfo>();
        using var rows = session.Query(SelectStores);
        while (rows.Read())
        {
            found.Add(new StoreInfo
            {
                Id = new StoreId(rows.Long(0)),
                Name = rows.Text(1),
                Backend = rows.Text(2),
                Configuration = rows.Text(3),
                EncryptedSecrets = rows.BytesOrNull(4),
                Silo = rows.TextOrNull(5),
                Settings = new FileStoreSettings
                {
                    InstanceWide = rows.Flag(6),
                    SoftMaxSize = rows.LongOrNull(7),
                    MaxSize = rows.LongOrNull(8),
                    MaxConcurrentReads = rows.Int(9),
                    MaxConcurrentWrites = rows.Int(10),
                    VerifyByBackend = rows.Flag(11),
                },
                State = (StoreState)rows.Int(12),
                Created = rows.Time(13),
                IsEmptied = rows.Flag(14),
            });
        }

        return found;
    }

    private static List<AttachmentInfo> ReadAttachments(CatalogSession session)
    {
        var found = new List<AttachmentInfo>();
        using var rows = session.Query(SelectAttachments);
        while (rows.Read())
        {
            found.Add(new AttachmentInfo
            {
                Scope = new ScopeId(rows.Long(0)),
                Settings = new AttachmentSettings
                {
                    Store = new StoreId(rows.Long(1)),
                    UploadPriority = rows.IntOrNull(2),
                    DownloadPriority = rows.IntOrNull(3),
                    Populate = rows.Flag(4),
                    Drain = rows.Flag(5),
                    DrainTo = rows.IsNull(6) ? null : new StoreId(rows.Long(6)),
                    ReadOnly = rows.Flag(7),
                    WriteOnly = rows.Flag(8),
                    SoftMaxSize = rows.LongOrNull(9),
                },
                State = rows.Long(10) == 0 ? AttachmentState.Active : AttachmentState.Leaving,
            });
        }

        return found;
    }

    private static List<ApiKeyInfo> ReadKeys(CatalogSession session)
    {
        var found = new List<ApiKeyInfo>();
        using var rows = session.Query(SelectKeys);
        while (rows.Read())
        {
            found.Add(new ApiKeyInfo
            {
                Id = rows.Text(0),
                Tenant = new TenantId(rows.Long(1)),
                Name = rows.Text(2),
                Rights = rows.Text(3).Split(',', StringSplitOptions.RemoveEmptyEntries),
                Scopes = rows.TextOrNull(4)?.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static id => new ScopeId(long.Parse(id))).ToArray(),
                Expires = rows.TimeOrNull(5),
                SecretHash = rows.Span(6).ToArray(),
                Created = rows.Time(7),
            });
        }

        return found;
    }
}

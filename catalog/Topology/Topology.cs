using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Tenants, scopes, attachments, stores and keys at one version: what changes seldom and is read by every request.
/// Immutable; whoever needs a newer one asks <see cref="TopologyCache"/>.
/// </summary>
public sealed class Topology
{
    private readonly Dictionary<TenantId, TenantInfo> _tenants;
    private readonly Dictionary<string, TenantInfo> _tenantsByName;
    private readonly Dictionary<ScopeId, ScopeInfo> _scopes;
    private readonly Dictionary<(TenantId Tenant, string Name), ScopeInfo> _scopesByName;
    private readonly ILookup<TenantId, ScopeInfo> _scopesOfTenant;
    private readonly Dictionary<StoreId, StoreInfo> _stores;
    private readonly Dictionary<string, StoreInfo> _storesByName;
    private readonly Dictionary<ScopeId, AttachmentInfo[]> _attachments;
    private readonly Dictionary<ChunkHash, ApiKeyInfo> _keysByHash;
    private readonly ILookup<TenantId, ApiKeyInfo> _keysOfTenant;

    internal Topology(
        long version, List<TenantInfo> tenants, List<ScopeInfo> scopes, List<StoreInfo> stores, List<AttachmentInfo> attachments, List<ApiKeyInfo> keys)
    {
        Version = version;
        _tenants = tenants.ToDictionary(static tenant => tenant.Id);
        _tenantsByName = tenants.Where(static tenant => tenant.State == TenantState.Active).ToDictionary(static tenant => tenant.Name);
        _scopes = scopes.ToDictionary(static scope => scope.Id);
        _scopesByName = scopes.Where(static scope => scope.State == ScopeState.Active).ToDictionary(static scope => (scope.Tenant, scope.Name));
        _scopesOfTenant = scopes.OrderBy(static scope => scope.Name, StringComparer.Ordinal).ToLookup(static scope => scope.Tenant);
        _stores = stores.ToDictionary(static store => store.Id);
        _storesByName = stores.Where(static store => store.State == StoreState.Active).ToDictionary(static store => store.Name);
        _attachments = attachments.GroupBy(static attachment => attachment.Scope).ToDictionary(static group => group.Key, static group => group.ToArray());
        _keysByHash = keys.ToDictionary(static key => ChunkHash.From(key.SecretHash));
        _keysOfTenant = keys.OrderBy(static key => key.Name, StringComparer.Ordinal).ThenBy(static key => key.Id, StringComparer.Ordinal).ToLookup(static key => key.Tenant);
    }

    /// <summary>Goes up with every change.</summary>
    public long Version { get; }

    /// <summary>All tenants by name, deleting ones included.</summary>
    public IEnumerable<TenantInfo> Tenants => _tenants.Values.OrderBy(static tenant => tenant.Name, StringComparer.Ordinal);

    /// <summary>All stores by name, deleting ones included.</summary>
    public IEnumerable<StoreInfo> Stores => _stores.Values.OrderBy(static store => store.Name, StringComparer.Ordinal);

    /// <summary>An active tenant, or null.</summary>
    public TenantInfo? TenantByName(string name) => _tenantsByName.GetValueOrDefault(name);

    /// <summary>A tenant of any state, or null.</summary>
    public TenantInfo? Tenant(TenantId id) => _tenants.GetValueOrDefault(id);

    /// <summary>An active scope, or null.</summary>
    public ScopeInfo? ScopeByName(TenantId tenant, string name) => _scopesByName.GetValueOrDefault((tenant, name));

    /// <summary>A scope of any state, or null.</summary>
    public ScopeInfo? Scope(ScopeId id) => _scopes.GetValueOrDefault(id);

    /// <summary>A tenant's scopes by name, deleting ones included.</summary>
    public IEnumerable<ScopeInfo> Scopes(TenantId tenant) => _scopesOfTenant[tenant];

    /// <summary>An active store, or null.</summary>
    public StoreInfo? StoreByName(string name) => _storesByName.GetValueOrDefault(name);

    /// <summary>A store of any state, or null.</summary>
    public StoreInfo? Store(StoreId id) => _stores.GetValueOrDefault(id);

    /// <summary>A scope's attachments of any state, in no particular order.</summary>
    public IReadOnlyList<AttachmentInfo> Attachments(ScopeId scope) => _attachments.GetValueOrDefault(scope) ?? [];

    /// <summary>Scopes that a store is attached to.</summary>
    public IEnumerable<ScopeId> ScopesOf(StoreId store) =>
        _attachments.Where(pair => Array.Exists(pair.Value, attachment => attachment.Settings.Store == store)).Select(static pair => pair.Key);

    /// <summary>The key whose secret has this SHA-256; null when there is none. Whether it has expired is the caller's check.</summary>
    /// <param name="sha256">32 bytes.</param>
    public ApiKeyInfo? KeyBySecretHash(ReadOnlySpan<byte> sha256) => _keysByHash.GetValueOrDefault(ChunkHash.From(sha256));

    /// <summary>A tenant's keys by name.</summary>
    public IEnumerable<ApiKeyInfo> Keys(TenantId tenant) => _keysOfTenant[tenant];
}

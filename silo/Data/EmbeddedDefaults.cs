using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Silo.Data;

/// <summary>
/// What an empty installation is given: store <c>local</c>, tenant <c>default</c>, scope <c>main</c> with the store attached
/// at 100/100. Each step looks whether it was done, so a start that was killed half-way is completed by the next one; the
/// last step leaves a mark, after which what an operator deleted does not come back.
/// </summary>
internal sealed class EmbeddedDefaults(
    InstallationCatalog installation, TenantCatalog tenants, ScopeCatalog scopes, StoreCatalog stores, TopologyCache topology, ChunkStoreFactory factory)
{
    /// <summary>Name of the tenant.</summary>
    public const string Tenant = "default";

    private const string Scope = "main";
    private const string Store = "local";
    private const string Step = "embedded-defaults";

    /// <summary>Makes what is missing.</summary>
    /// <param name="installationId">Id of the installation, for the store's identity.</param>
    /// <param name="storeFolder">Folder of the local store; made when it is missing.</param>
    /// <param name="siloName">The silo that owns the store.</param>
    /// <param name="cancellationToken">Gives up; the next start goes on.</param>
    public async Task EnsureAsync(string installationId, string storeFolder, string siloName, CancellationToken cancellationToken)
    {
        if (await installation.IsDoneAsync(Step, cancellationToken))
        {
            return;
        }

        var current = await topology.RefreshAsync(cancellationToken);
        var store = current.StoreByName(Store)?.Id ?? await MakeStoreAsync(Store, storeFolder, siloName, cancellationToken);
        await factory.InitializeAsync(Define(Store, installationId, store, storeFolder, siloName), takeOver: false, cancellationToken);

        await MakeFirstScopeAsync(new TenantSettings { Stores = [store] }, cancellationToken);
        await installation.MarkDoneAsync(Step, cancellationToken);
    }

    private async Task MakeFirstScopeAsync(TenantSettings settings, CancellationToken cancellationToken)
    {
        var current = await topology.RefreshAsync(cancellationToken);
        var tenant = current.TenantByName(Tenant)?.Id
            ?? await CreatedAsync(await tenants.CreateAsync(Tenant, settings, null, cancellationToken), "tenant", now => now.TenantByName(Tenant)?.Id, cancellationToken);
        current = await topology.RefreshAsync(cancellationToken);
        if (current.ScopeByName(tenant, Scope) is null)
        {
            await CreatedAsync(
                await scopes.CreateAsync(tenant, Scope, new ScopeSettings(), null, cancellationToken), "scope", now => now.ScopeByName(tenant, Scope)?.Id, cancellationToken);
        }
    }

    // Another process that does the same may have been faster.
    private async Task<TId> CreatedAsync<TId>(CreatedResult<TId> result, string what, Func<Topology, TId?> find, CancellationToken cancellationToken)
        where TId : struct =>
        result.Result.Status == AdminStatus.Conflict && find(await topology.RefreshAsync(cancellationToken)) is { } made ? made : Created(result, what);

    /// <summary>
    /// In a cluster: makes the silo's own local store, <c>local-SILO</c>, where it is missing, and attaches it to scope
    /// <c>main</c> of the first tenant, where that exists.
    /// </summary>
    public async Task EnsureOwnStoreAsync(string installationId, string storeFolder, string siloName, CancellationToken cancellationToken)
    {
        var step = $"local-store {siloName}";
        if (await installation.IsDoneAsync(step, cancellationToken))
        {
            return;
        }

        var name = $"{Store}-{siloName}";
        var current = await topology.RefreshAsync(cancellationToken);
        var store = current.StoreByName(name)?.Id ?? await MakeStoreAsync(name, storeFolder, siloName, cancellationToken);
        await factory.InitializeAsync(Define(name, installationId, store, storeFolder, siloName), takeOver: false, cancellationToken);
        await AttachToFirstScopeAsync(store, cancellationToken);
        await installation.MarkDoneAsync(step, cancellationToken);
    }

    /// <summary>In a cluster: makes the first tenant and its scope, once, when the database is made.</summary>
    public async Task EnsureFirstScopeAsync(CancellationToken cancellationToken)
    {
        if (await installation.IsDoneAsync(Step, cancellationToken))
        {
            return;
        }

        await MakeFirstScopeAsync(new TenantSettings(), cancellationToken);
        await installation.MarkDoneAsync(Step, cancellationToken);
    }

    private async Task AttachToFirstScopeAsync(StoreId store, CancellationToken cancellationToken)
    {
        if ((await topology.RefreshAsync(cancellationToken)).TenantByName(Tenant) is not { } tenant)
        {
            return;
        }

        // Silos that start together do this at the same time.
        await tenants.AllowStoreAsync(tenant.Id, store, cancellationToken);
        if ((await topology.RefreshAsync(cancellationToken)).ScopeByName(tenant.Id, Scope) is { } scope)
        {
            var settings = new AttachmentSettings { Store = store, UploadPriority = 100, DownloadPriority = 100 };
            var result = await scopes.PutAttachmentAsync(tenant.Id, scope.Id, settings, null, cancellationToken);
            if (result.Status is not (AdminStatus.Done or AdminStatus.Created))
            {
                throw new InvalidDataException($"The store could not be attached to scope {Scope}: {result.Detail}");
            }
        }
    }

    private async Task<StoreId> MakeStoreAsync(string name, string folder, string siloName, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var store = new NewFileStore
        {
            Name = name,
            Backend = LocalStoreConfig.Kind,
            Configuration = ChunkStoreConfigParser.Serialize(Place(folder, siloName)),
            Silo = siloName,
            Settings = new FileStoreSettings(),
        };
        return Created(await stores.CreateAsync(store, null, cancellationToken), "store");
    }

    private static LocalStoreConfig Place(string folder, string siloName) => new() { Path = folder, Silo = siloName };

    private static ChunkStoreDefinition Define(string name, string installationId, StoreId store, string folder, string siloName) => new()
    {
        InstallationId = installationId,
        StoreId = store.ToString(),
        Name = name,
        Configuration = Place(folder, siloName),
    };

    private static TId Created<TId>(CreatedResult<TId> result, string what)
        where TId : struct =>
        result.Id ?? throw new InvalidDataException($"The first {what} could not be made: {result.Result.Detail}");
}

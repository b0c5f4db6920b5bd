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
        var store = current.StoreByName(Store)?.Id ?? await MakeStoreAsync(storeFolder, siloName, cancellationToken);
        await factory.InitializeAsync(Define(installationId, store, storeFolder, siloName), takeOver: false, cancellationToken);

        current = await topology.RefreshAsync(cancellationToken);
        var tenant = current.TenantByName(Tenant)?.Id
            ?? Created(await tenants.CreateAsync(Tenant, new TenantSettings { Stores = [store] }, null, cancellationToken), "tenant");
        current = await topology.RefreshAsync(cancellationToken);
        if (current.ScopeByName(tenant, Scope) is null)
        {
            Created(await scopes.CreateAsync(tenant, Scope, new ScopeSettings(), null, cancellationToken), "scope");
        }

        await installation.MarkDoneAsync(Step, cancellationToken);
    }

    private async Task<StoreId> MakeStoreAsync(string folder, string siloName, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var store = new NewFileStore
        {
            Name = Store,
            Backend = LocalStoreConfig.Kind,
            Configuration = ChunkStoreConfigParser.Serialize(Place(folder, siloName)),
            Silo = siloName,
            Settings = new FileStoreSettings(),
        };
        return Created(await stores.CreateAsync(store, null, cancellationToken), "store");
    }

    private static LocalStoreConfig Place(string folder, string siloName) => new() { Path = folder, Silo = siloName };

    private static ChunkStoreDefinition Define(string installationId, StoreId store, string folder, string siloName) => new()
    {
        InstallationId = installationId,
        StoreId = store.ToString(),
        Name = Store,
        Configuration = Place(folder, siloName),
    };

    private static TId Created<TId>(CreatedResult<TId> result, string what)
        where TId : struct =>
        result.Id ?? throw new InvalidDataException($"The first {what} could not be made: {result.Result.Detail}");
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;
using Granary.Stores;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Granary.Grains.Tests.Worlds;

/// <summary>
/// One catalog on SQLite and real local stores below a folder, with as many clusters over them as a test wants: each has a
/// silo of its own and knows nothing of the others, as two halves of a cluster that lost each other.
/// </summary>
internal sealed class GrainWorld : IAsyncDisposable, ISiloLife
{
    private readonly TempFolder _folder = new();
    private readonly List<InProcessTestCluster> _clusters = [];
    private readonly List<ServiceProvider> _services = [];
    private readonly ChunkBufferPool _buffers = new(new ChunkBufferPoolOptions { BudgetBytes = 64 << 20 }, TimeProvider.System);
    private readonly ChunkStoreFactory _factory = new(new StoreRetryOptions { MaxRepeats = 0 }, TimeProvider.System, () => 0.5, () => true, NullLoggerFactory.Instance);

    private IMaintenancePlanner? _planner;

    private GrainWorld()
    {
    }

    /// <summary>Below it are the catalog and the stores, each by its name.</summary>
    public string Folder => _folder.Path;

    public CatalogDatabase Database { get; private set; } = null!;

    public WorldDirectory Directory { get; } = new();

    public ServiceProvider Services { get; private set; } = null!;

    public TenantId Tenant { get; private set; }

    public ScopeId Scope { get; private set; }

    public StoreId Store { get; private set; }

    public SiloEpoch Epoch { get; private set; }

    /// <summary>Name of the silos, all alike: local stores belong to it.</summary>
    public string SiloName => _clusters[0].GetSiloServiceProvider().GetRequiredService<ILocalSiloDetails>().Name;

    /// <summary>What the first silo's grains use.</summary>
    public IServiceProvider SiloServices => _clusters[0].GetSiloServiceProvider();

    public IClusterClient Client => _clusters[0].Client;

    public IScopeGrain ScopeGrain => Client.GetGrain<IScopeGrain>(GrainKeys.Scope(Tenant, Scope));

    public IFileStoreGrain StoreGrain => Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(Store));

    public ITenantMaintenanceGrain TenantMaintenance => Client.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(Tenant));

    /// <summary>Starts one cluster, tenant <c>acme</c>, store <c>local</c>, scope <c>main</c> that has it at 100/100, and a silo's life.</summary>
    public static async Task<GrainWorld> StartAsync(long? maxSize = null, int keepVersions = 1, IMaintenancePlanner? planner = null)
    {
        var world = new GrainWorld { _planner = planner };
        world.Database = await CatalogDatabase.OpenAsync(
            new CatalogOptions { DataSource = world._folder["catalog.db"] }, TimeProvider.System, NullLoggerFactory.Instance, default);
        world.Services = world.Catalogs();
        await world.StartClusterAsync();
        world.Store = await world.AddStoreAsync("local", maxSize);
        world.Epoch = await world.Get<SiloCatalog>().RegisterAsync(world.SiloName, default);
        world.Tenant = (await world.Get<TenantCatalog>().CreateAsync("acme", new TenantSettings { Stores = [world.Store] }, null, default)).Id!.Value;
        world.Scope = (await world.Get<ScopeCatalog>().CreateAsync(world.Tenant, "main", new ScopeSettings { KeepVersions = keepVersions }, null, default)).Id!.Value;
        return world;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>A further cluster over the same catalog.</summary>
    public async Task<IClusterClient> StartClusterAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo
            .UseInMemoryReminderService()
            .AddMemoryGrainStorage("PubSubStore")
            .AddMemoryStreams(ChangeStreams.Provider)
            .ConfigureServices(services => services
                .AddGranaryCatalog(Database)
                .AddGranaryGrains()
                .AddSingleton<IStoreDirectory>(Directory)
                .AddSingleton<ISiloLife>(this)
                .AddSingleton(_buffers)
                .AddSingleton<IMaintenancePlanner>(provider => _planner ?? ActivatorUtilities.CreateInstance<MaintenancePlanner>(provider))));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        _clusters.Add(cluster);
        return cluster.Client;
    }

    /// <summary>Makes a local store that belongs to the silo, and opens it.</summary>
    public async Task<StoreId> AddStoreAsync(string name, long? maxSize = null, bool ofThisSilo = true, string? silo = null)
    {
        var config = new LocalStoreConfig { Path = _folder.Make(name), Silo = silo ?? (ofThisSilo ? SiloName : null) };
        var created = await Get<StoreCatalog>().CreateAsync(
            new NewFileStore
            {
                Name = name,
                Backend = "local",
                Configuration = ChunkStoreConfigParser.Serialize(config),
                Silo = config.Silo,
                Settings = new FileStoreSettings { MaxSize = maxSize },
            },
            null,
            default);
        var id = created.Id!.Value;
        var definition = new ChunkStoreDefinition { InstallationId = "test", StoreId = id.ToString(), Name = name, Configuration = config };
        await _factory.InitializeAsync(definition, takeOver: false, default);
        Directory.Add(id, await _factory.OpenAsync(definition, default));
        return id;
    }

    /// <summary>Attaches a store to the scope; the tenant may use it from then on.</summary>
    public async Task AttachAsync(StoreId store, int? priority)
    {
        var topology = await Get<TopologyCache>().RefreshAsync(default);
        var tenant = topology.Tenant(Tenant)!;
        Assert.Equal(AdminStatus.Done, (await Get<TenantCatalog>().UpdateAsync(Tenant, tenant.Settings with { Stores = [.. tenant.Settings.Stores, store] }, null, default)).Status);
        var attached = await ScopeGrain.AttachAsync(new AttachmentSettings { Store = store, UploadPriority = priority, DownloadPriority = priority }, null, default);
        Assert.True(attached.Status is AdminStatus.Done or AdminStatus.Created, attached.Detail);
    }

    /// <summary>Asserts what always holds between the catalog's rows.</summary>
    public async Task AssertInvariantsAsync() => Assert.Empty(await CatalogInvariants.CheckAsync(Database, default));

    /// <summary>Keys of the chunks that lie in a store.</summary>
    public async Task<List<LocationKey>> KeysAsync(StoreId store)
    {
        Assert.True(Directory.TryGetMaintenance(store, out var open));
        var keys = new List<LocationKey>();
        await foreach (var entry in open.ListAsync("", default))
        {
            keys.Add(entry.Key);
        }

        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _clusters)
        {
            await cluster.DisposeAsync();
        }

        await Directory.DisposeAsync();
        _buffers.Dispose();
        foreach (var services in _services)
        {
            await services.DisposeAsync();
        }

        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private ServiceProvider Catalogs()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddGranaryCatalog(Database).BuildServiceProvider();
        _services.Add(services);
        return services;
    }
}

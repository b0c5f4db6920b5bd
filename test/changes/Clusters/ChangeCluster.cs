using System.Net;
using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Changes;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.RateLimits;
using Granary.GrainInterfaces;
using Granary.Grains;
using Granary.Silo.Hosting;
using Granary.Stores;
using Granary.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Granary.Changes.Tests.Clusters;

/// <summary>
/// Silos of one cluster over one catalog, each with an HTTP server of its own that follows changes, in this process. They can
/// be killed.
/// </summary>
internal sealed class ChangeCluster : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly List<(InProcessSiloHandle Silo, WebApplication Web)> _nodes = [];
    private readonly ServiceProvider _catalogs;
    private InProcessTestCluster _cluster = null!;

    private ChangeCluster(TempFolder folder, CatalogDatabase database)
    {
        _folder = folder;
        Database = database;
        _catalogs = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddGranaryCatalog(database).BuildServiceProvider();
    }

    public CatalogDatabase Database { get; }

    public TenantId Tenant { get; private set; }

    public ScopeId Scope { get; private set; }

    public SiloEpoch Epoch { get; private set; }

    public string Key { get; private set; } = "";

    public UploadCatalog Uploads => _catalogs.GetRequiredService<UploadCatalog>();

    /// <summary>Addresses of the silos that live.</summary>
    public string[] Urls
    {
        get
        {
            lock (_nodes)
                return [.. _nodes.Select(n => n.Web.Urls.First())];
        }
    }

    /// <summary>The scope's grain as each living silo reaches it.</summary>
    public IScopeGrain[] Grains
    {
        get
        {
            lock (_nodes)
                return [.. _nodes.Select(n => n.Silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IScopeGrain>(GrainKeys.Scope(Tenant, Scope)))];
        }
    }

    public static async Task<ChangeCluster> StartAsync(short silos)
    {
        var folder = new TempFolder();
        var database = await CatalogDatabase.OpenAsync(
            new CatalogOptions { DataSource = folder["catalog.db"] }, TimeProvider.System, NullLoggerFactory.Instance, default);
        var cluster = new ChangeCluster(folder, database);
        await cluster.PrepareAsync();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => silo
            .UseInMemoryReminderService()
            .AddMemoryGrainStorageAsDefault()
            .AddMemoryGrainStorage(ChangeStreamSetup.Subscriptions)
            .AddChangeStreams()
            .Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
            })
            .ConfigureServices(services => services.AddGranaryCatalog(database).AddGranaryGrains().AddSingleton<IStoreDirectory, NoStores>()));
        cluster._cluster = builder.Build();
        await cluster._cluster.DeployAsync();
        foreach (var silo in cluster._cluster.Silos)
            await cluster.AddNodeAsync(silo);
        return cluster;
    }

    /// <summary>Ends a silo and its HTTP server as a crash does: no goodbye, connections broken.</summary>
    public async Task KillAsync(int number)
    {
        (InProcessSiloHandle Silo, WebApplication Web) node;
        lock (_nodes)
        {
            node = _nodes[number];
            _nodes.RemoveAt(number);
        }

        node.Web.Services.GetRequiredService<IOptions<ChangeFeedOptions>>().Value.CloseGrace = TimeSpan.FromTicks(1);
        await _cluster.KillSiloAsync(node.Silo);
        await node.Web.StopAsync(new CancellationToken(canceled: true));
        await node.Web.DisposeAsync();
    }

    public async Task AddAsync() => await AddNodeAsync(await _cluster.StartAdditionalSiloAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, web) in _nodes)
        {
            await web.StopAsync();
            await web.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        await _catalogs.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private async Task PrepareAsync()
    {
        T Get<T>()
            where T : notnull => _catalogs.GetRequiredService<T>();

        Tenant = (await Get<TenantCatalog>().CreateAsync("acme", new TenantSettings(), null, default)).Id!.Value;
        Scope = (await Get<ScopeCatalog>().CreateAsync(Tenant, "main", new ScopeSettings(), null, default)).Id!.Value;
        Epoch = await Get<SiloCatalog>().RegisterAsync("writer", default);
        Key = (await Get<ApiKeyCatalog>().CreateAsync(new NewApiKey { Tenant = Tenant, Name = "reader", Rights = ["read"] }, null, default)).Secret!;
    }

    private async Task AddNodeAsync(InProcessSiloHandle silo)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().AddLogging();
        builder.Services.AddOptions<ClientApiOptions>();
        builder.Services.AddSingleton(TimeProvider.System).AddGranaryCatalog(Database);
        builder.Services.AddSingleton<ApiMetrics>().AddSingleton<TenantRateLimits>().AddSingleton<Authenticator>().AddGranaryChanges();
        builder.Services.AddSingleton<IChangeAnnouncements>(new ChangeAnnouncements(silo.ServiceProvider.GetRequiredService<IClusterClient>()));
        var web = builder.Build();
        web.UseRouting();
        web.MapGranaryChanges();
        await web.StartAsync();
        lock (_nodes)
            _nodes.Add((silo, web));
    }
}

using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Granary.Grains.Tests.Clusters;

/// <summary>One silo for grains that need nothing but time.</summary>
public sealed class BareCluster : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster;

    public BareCluster()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.ConfigureServices(services => services.AddSingleton(TimeProvider.System)));
        _cluster = builder.Build();
    }

    public TGrain Grain<TGrain>(string key)
        where TGrain : IGrainWithStringKey => _cluster.Client.GetGrain<TGrain>(key);

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();
}

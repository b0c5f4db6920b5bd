using Orleans;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

/// <summary>A test cluster of one silo.</summary>
public sealed class OneSilo : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = new InProcessTestClusterBuilder(1).Build();

    public IClusterClient Client => _cluster.Client;

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();
}

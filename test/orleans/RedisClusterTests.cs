using System.Net;
using System.Net.Sockets;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Granary.OrleansTests;

/// <summary>Silos that know each other only through a Redis server and TCP, as in a cluster of processes.</summary>
public sealed class RedisClusterTests : IAsyncLifetime
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly List<IHost> _hosts = [];
    private RedisServer? _redis;

    public async Task InitializeAsync()
    {
        if (Requirement.SkipReason(RedisServer.Missing) is not null)
        {
            return;
        }

        _redis = new RedisServer();
        for (var i = 0; i < 3; i++)
        {
            await StartAsync();
        }

        await Clusters.Until(async () => (await HostsSeenBy(_hosts[0])) == 3 && (await HostsSeenBy(_hosts[2])) == 3, "three silos knew each other");
    }

    public async Task DisposeAsync()
    {
        _redis?.Restart();
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _redis?.Dispose();
    }

    [RedisFact]
    public async Task All_silos_reach_the_same_activation()
    {
        foreach (var key in Enumerable.Range(0, 20).Select(_ => Probe.NewKey()))
        {
            var identities = new List<Guid>();
            foreach (var host in _hosts)
            {
                identities.Add(await Life(host, key).Identity());
            }

            Assert.Single(identities.Distinct());
            Assert.Equal(["activate"], Probe.For(key).Events);
        }
    }

    [RedisFact]
    public async Task Values_errors_and_cancellation_travel()
    {
        foreach (var host in _hosts)
        {
            var grain = Factory(host).GetGrain<IMessageGrain>(Probe.NewKey());
            var changed = await grain.Change(new Parcel { Label = "mine", Items = [1] });
            Assert.Equal(("changed", 2), (changed.Label, changed.Items.Count));
            var error = await Assert.ThrowsAsync<QuotaException>(() => grain.Fail("own"));
            Assert.Equal(("full", 42L), (error.Message, error.Limit));
            Assert.Equal("third:asked", await grain.AskThroughMe(Probe.NewKey()));
        }
    }

    [RedisFact]
    public async Task Grains_of_a_silo_that_stops_live_on_in_the_others()
    {
        var keys = Enumerable.Range(0, 30).Select(_ => Probe.NewKey()).ToList();
        await Task.WhenAll(keys.Select(key => Life(_hosts[0], key).Identity()));

        var stopped = _hosts[2];
        _hosts.RemoveAt(2);
        await stopped.StopAsync();
        stopped.Dispose();

        foreach (var key in keys)
        {
            var there = await Clusters.Retry(() => Life(_hosts[0], key).Identity());
            Assert.Equal(there, await Clusters.Retry(() => Life(_hosts[1], key).Identity()));
        }
    }

    [RedisFact]
    public async Task A_silo_that_joins_takes_its_share_and_nothing_is_lost()
    {
        var keys = Enumerable.Range(0, 40).Select(_ => Probe.NewKey()).ToList();
        await Task.WhenAll(keys.Select(key => Life(_hosts[0], key).Identity()));

        await StartAsync();
        await Clusters.Until(async () => await HostsSeenBy(_hosts[3]) == 4 && await HostsSeenBy(_hosts[0]) == 4, "the fourth was known");

        foreach (var key in keys)
        {
            var there = await Clusters.Retry(() => Life(_hosts[0], key).Identity());
            await Clusters.Until(async () => there == await Life(_hosts[3], key).Identity() || (there = await Life(_hosts[0], key).Identity()) == Guid.Empty, "both reached one activation");
        }
    }

    [RedisFact]
    public async Task Nobody_dies_of_a_table_that_cannot_be_reached()
    {
        var key = Probe.NewKey();
        await Life(_hosts[0], key).Identity();

        _redis!.Kill();
        await Task.Delay(TimeSpan.FromSeconds(6));

        foreach (var host in _hosts)
        {
            await Life(host, Probe.NewKey()).Identity();
            await Life(host, key).Identity();
        }

        Assert.Equal(["activate"], Probe.For(key).Events);
        _redis.Restart();
        await StartAsync();
        await Clusters.Until(async () => await HostsSeenBy(_hosts[0]) == 4, "a fourth silo could join again");
    }

    [RedisFact]
    public async Task The_management_grain_counts_activations_of_all_silos()
    {
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Life(_hosts[i % 3], Probe.NewKey()).Identity()));

        var statistics = await Factory(_hosts[1]).GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();

        var ours = statistics.Where(s => s.GrainType.Contains("LifeGrain", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, ours.Select(s => s.SiloAddress).Distinct().Count());
        // Silos of one process share Orleans' counters, so that each reports the sum.
        Assert.InRange(ours.Sum(s => s.ActivationCount), 60, 180);
    }

    private static IGrainFactory Factory(IHost host) => host.Services.GetRequiredService<IGrainFactory>();

    private static ILifeGrain Life(IHost host, string key) => Factory(host).GetGrain<ILifeGrain>(key);

    // A call that is on its way while its grain's place changes may have no answer.
    private static async Task<int> HostsSeenBy(IHost host) =>
        (await Clusters.Retry(() => Factory(host).GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true))).Count;

    private async Task StartAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development });
        builder.UseOrleans(silo => silo
            .UseRedisClustering(_redis!.ConnectionString)
            .ConfigureEndpoints(IPAddress.Loopback, FreePort(), 0)
            .AddMemoryGrainStorageAsDefault()
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (_id, "granary-test"))
            .Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 3;
                options.NumVotesForDeathDeclaration = 1;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            }));
        var host = builder.Build();
        await Task.Run(() => host.StartAsync());
        _hosts.Add(host);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Net;
using Granary.TestSupport;
using MySqlConnector;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>Two silos that cannot hear each other while both reach the database, Redis and the third.</summary>
public sealed class NetworkTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_decided = TimeSpan.FromSeconds(20);

    [ClusterWithNetworkFact]
    public async Task Of_two_silos_that_are_cut_off_from_each_other_one_leaves_and_nothing_is_lost()
    {
        using var network = new SiloNetwork(3);
        await using var database = new TcpRelay(new IPEndPoint(IPAddress.Loopback, MariaDbServer.Current.Port), network.Host);
        TcpRelay? redis = null;
        await using var cluster = await SiloCluster.CreateAsync(
            3,
            i => (network.AddressOf(i), network.WrapperOf(i)),
            connection => new MySqlConnectionStringBuilder(connection) { Server = $"{network.Host}", Port = (uint)database.Port }.ConnectionString,
            own =>
            {
                var port = int.Parse(own.Split(',')[0].Split(':')[1]);
                redis = new TcpRelay(new IPEndPoint(IPAddress.Loopback, port), network.Host);
                return own.Replace($"127.0.0.1:{port}", $"{network.Host}:{redis.Port}", StringComparison.Ordinal);
            });
        await using var both = redis;
        cluster.Silos.ForEach(static silo => silo.Start());
        await cluster.WaitUntilReadyAsync();
        using var load = new PlainLoad(cluster);
        await load.BeginAsync();
        var before = cluster.Silos.Select(static silo => silo.Id).ToArray();

        // Both ways, and then one way only: what is sent arrives, and every answer is lost.
        var cuts = new (string, Action)[] { ("cut", () => network.Cut(0, 1)), ("cut one way", () => network.CutOneWay(1, 2)) };
        foreach (var (name, cut) in Seeds.Soak ? cuts : [cuts[Seeds.Create(output).Next(2)]])
        {
            var lives = cluster.Silos.Select(static silo => silo.Ends.Count).ToArray();
            cut();
            var clock = TimeProvider.System.GetTimestamp();
            Assert.True(
                await ClusterFault.UntilAsync(() => cluster.Silos.Where((silo, i) => silo.Ends.Count > lives[i]).Any(), s_decided),
                $"{name}: both go on.\n{string.Join('\n', cluster.Silos.Select(static silo => silo.LogEnd))}");
            output.WriteLine($"{name}: one has left after {TimeProvider.System.GetElapsedTime(clock).TotalSeconds:0.0} s: {string.Join("; ", cluster.Silos.Select(static silo => $"{silo.Name} {string.Join(' ', silo.Ends)}"))}");
            Assert.All(cluster.Silos.SelectMany((silo, i) => silo.Ends.Skip(lives[i])), static code => Assert.Equal(70, code));
            network.Heal(0, 1);
            network.Heal(1, 2);
            await cluster.WaitUntilReadyAsync();
        }

        Assert.NotEqual(before, cluster.Silos.Select(static silo => silo.Id));
        await load.EndAsync();
        output.WriteLine($"{load.Acknowledged} writes, the slowest took {load.Slowest.TotalSeconds:0.0} s");
    }
}

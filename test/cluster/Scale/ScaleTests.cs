using System.Net;
using System.Text.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>A cluster that grows and shrinks while clients write.</summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [ClusterFact]
    public async Task From_one_silo_to_three_and_back_no_request_fails_and_what_leaves_is_drained_before()
    {
        await using var cluster = await SiloCluster.CreateAsync(3);
        cluster.Silos[0].Start();
        await cluster.WaitUntilReadyAsync();
        using var load = new PlainLoad(cluster, "scale", "local-silo-1");
        await load.BeginAsync();
        await Task.Delay(1_000);

        // The newcomers' stores are preferred, so that they have something to lose.
        foreach (var (silo, priority) in new[] { (1, 110), (2, 120) })
        {
            cluster.Silos[silo].Start();
            await cluster.WaitUntilReadyAsync();
            await load.AttachAsync($"local-silo-{silo + 1}", priority);
        }

        await Task.Delay(Seeds.Times(1_500, 20_000));
        var grown = load.Acknowledged;
        foreach (var silo in new[] { 2, 1 })
        {
            var stored = await load.ChunksAsync($"local-silo-{silo + 1}");
            Assert.True(stored > 0, $"local-silo-{silo + 1} was never written to.");
            await DrainAsync(load, silo);
            Assert.Equal(0, await cluster.Silos[silo].StopAsync());
            output.WriteLine($"silo-{silo + 1} left, drained of {stored} chunks; {load.Acknowledged} writes, {load.Repeats} requests repeated so far");
        }

        await Task.Delay(1_000);
        Assert.True(load.Acknowledged > grown);
        await load.EndAsync();
        output.WriteLine($"{load.Acknowledged} writes, {load.Repeats} requests repeated, the slowest took {load.Slowest.TotalSeconds:0.0} s");
    }

    private static async Task DrainAsync(PlainLoad load, int silo)
    {
        var url = $"api/v1/cluster/silos/silo-{silo + 1}/drain";
        using (var begun = await load.Http.PostAsync(url, null))
        {
            Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        }

        for (var clock = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            using var view = JsonDocument.Parse(await load.Http.GetByteArrayAsync(url));
            if (view.RootElement.GetProperty("state").GetString() == "drained")
            {
                return;
            }

            Assert.True(clock.Elapsed < s_limit, $"silo-{silo + 1} is not drained after {s_limit.TotalSeconds:0} s: {view.RootElement}");
            await Task.Delay(100);
        }
    }
}

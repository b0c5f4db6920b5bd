using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>A silo of three that is emptied before it leaves, while clients write.</summary>
[Collection(MembersGroup.Name)]
public sealed class DrainTests(ThreeSilos silos, ITestOutputHelper output) : IAsyncLifetime
{
    private const string Drain = "api/v1/cluster/silos/silo-3/drain";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private LocalCluster Cluster => silos.Cluster;

    public Task InitializeAsync() => Cluster is null ? Task.CompletedTask : Cluster.WaitUntilReadyAsync(Limit);

    public Task DisposeAsync() => Task.CompletedTask;

    [ClusterFact]
    public async Task Under_load_a_drained_silo_ends_with_nothing_needed_and_everything_is_read_without_it()
    {
        using var client = new RetryingClient(Cluster);
        await client.RepeatAsync(HttpMethod.Post, "api/v1/scopes", request => request.Content = JsonContent.Create(new { name = "leaving" }));
        foreach (var (store, priority) in new[] { ("local-silo-3", 100), ("local-silo-1", 50) })
        {
            await client.RepeatAsync(HttpMethod.Put, $"api/v1/scopes/leaving/stores/{store}", request => request.Content = JsonContent.Create(new { uploadPriority = priority, downloadPriority = priority }));
        }

        var random = Seeds.Create(output);
        for (var i = 0; i < 60; i++)
        {
            await client.PutAsync("leaving", $"before/{i}", Bytes(random, random.Next(1, i % 20 == 0 ? 5 << 20 : 30_000)));
        }

        Assert.True(await ChunksOfSilo3Async() >= 60);
        using var stop = new CancellationTokenSource();
        var seeds = Enumerable.Range(0, 3).Select(_ => random.Next()).ToArray();
        var writers = seeds.Select((seed, writer) => Task.Run(async () =>
        {
            var own = Seeds.Create(seed);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await client.PutAsync("leaving", $"during/{writer}/{i}", Bytes(own, own.Next(1, 10_000)));
            }
        })).ToList();

        var begun = await SendAsync(0, HttpMethod.Post, Drain);
        Assert.Equal(HttpStatusCode.Accepted, begun.Status);
        Assert.Equal("silo-3", begun.Body.GetProperty("silo").GetString());
        await UntilAsync(
            async () => (await SendAsync(1, HttpMethod.Get, Drain)).Body.GetProperty("state").GetString() == "drained" && await RunStateAsync(begun.Body) == "done",
            "silo-3 is drained");
        await Task.Delay(500);
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        // It holds nothing that is needed, and what was written meanwhile went elsewhere.
        var view = (await SendAsync(2, HttpMethod.Get, Drain)).Body;
        Assert.Equal("drained", view.GetProperty("state").GetString());
        Assert.All(view.GetProperty("stores").EnumerateArray(), store => Assert.False(store.GetProperty("needed").GetBoolean()));
        Cluster.SignalSilo(2, "STOP");
        try
        {
            using var survivors = Cluster.Client(0);
            foreach (var path in Enumerable.Range(0, 60).Select(i => $"before/{i}"))
            {
                Assert.True((await survivors.GetAsync($"api/v1/scopes/leaving/files/{path}")).IsSuccessStatusCode, path);
            }
        }
        finally
        {
            Repository.Run("kill", ["-CONT", $"{Cluster.SiloProcess(2)}"]);
        }

        await client.AssertNothingLostAsync();
        await client.AssertSequenceIsWholeAsync("leaving");

        // A life that begins later is drained as well, until that is taken back.
        Cluster.SignalSilo(2, "KILL");
        await Cluster.WaitUntilReadyAsync(Limit);
        Assert.Equal("drained", (await SendAsync(2, HttpMethod.Get, Drain)).Body.GetProperty("state").GetString());
        await client.PutAsync("leaving", "after/restart", Bytes(random, 1000));
        Assert.Equal(["local-silo-1"], await StoresOfAsync("after/restart"));
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(0, HttpMethod.Delete, Drain)).Status);
        await UntilAsync(
            async () =>
            {
                await client.PutAsync("leaving", "after/undrain", Bytes(random, 1000));
                return (await StoresOfAsync("after/undrain")) is ["local-silo-3"];
            },
            "uploads go to silo-3 again");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Limit, $"After {Limit.TotalSeconds:0} s it was still not so that {what}.");
            await Task.Delay(100);
        }
    }

    private static byte[] Bytes(Random random, int length)
    {
        var content = new byte[length];
        random.NextBytes(content);
        return content;
    }

    private async Task<long> ChunksOfSilo3Async() => (await SendAsync(0, HttpMethod.Get, "api/v1/file-stores/local-silo-3")).Body.GetProperty("chunks").GetInt64();

    private async Task<string?> RunStateAsync(JsonElement drain) =>
        (await SendAsync(0, HttpMethod.Get, $"api/v1/maintenance/runs/{drain.GetProperty("run").GetString()}")).Body.GetProperty("state").GetString();

    private async Task<string[]> StoresOfAsync(string path)
    {
        var explained = (await SendAsync(0, HttpMethod.Get, $"api/v1/scopes/leaving/files/{path}?explain")).Body;
        return [.. explained.GetProperty("chunks")[0].GetProperty("copies").EnumerateArray().Select(copy => copy.GetProperty("store").GetString()!)];
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(int silo, HttpMethod method, string path)
    {
        using var client = Cluster.Client(silo);
        using var request = new HttpRequestMessage(method, path);
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}

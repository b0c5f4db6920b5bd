using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>The cluster of these tests, started once.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    public LocalCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Requirement.SkipReason(LocalCluster.Missing) is null)
        {
            Cluster = await LocalCluster.StartAsync(3);
        }
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}

/// <summary>Three real silos on MariaDB and Redis, that lose members and servers and go on.</summary>
public sealed class ClusterTests(ThreeSilos silos, ITestOutputHelper output) : IClassFixture<ThreeSilos>, IAsyncLifetime
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private readonly Random _random = Seeds.Create(output);

    private LocalCluster Cluster => silos.Cluster;

    public Task InitializeAsync() => Cluster is null ? Task.CompletedTask : Cluster.WaitUntilReadyAsync(Recovery);

    public Task DisposeAsync() => Task.CompletedTask;

    [ClusterFact]
    public async Task A_file_stored_through_any_silo_reads_back_through_every_silo()
    {
        for (var from = 0; from < 3; from++)
        {
            var content = new byte[(9 << 20) + from];
            _random.NextBytes(content);
            using var writer = Cluster.Client(from);
            using var stored = await writer.PutAsync($"api/v1/scopes/main/files/any/{from}", new ByteArrayContent(content));
            Assert.True(stored.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, await stored.Content.ReadAsStringAsync());
            for (var to = 0; to < 3; to++)
            {
                using var reader = Cluster.Client(to);
                Assert.Equal(content, await reader.GetByteArrayAsync($"api/v1/scopes/main/files/any/{from}"));
            }
        }
    }

    [ClusterFact]
    public async Task The_cluster_view_shows_the_silos_and_the_stores_they_own()
    {
        using var client = Cluster.Client(1);
        var view = await client.GetFromJsonAsync<JsonElement>("api/v1/cluster");

        var active = view.GetProperty("silos").EnumerateArray().Where(silo => silo.GetProperty("status").GetString() == "active").ToList();

        Assert.Equal(["silo-1", "silo-2", "silo-3"], active.Select(silo => silo.GetProperty("name").GetString()).Distinct());
        Assert.All(active, silo => Assert.Equal($"local-{silo.GetProperty("name").GetString()}", Assert.Single(silo.GetProperty("stores").EnumerateArray()).GetString()));
    }

    [ClusterFact]
    public async Task Killing_a_silo_loses_nothing_and_its_grains_answer_elsewhere()
    {
        await RunUnderLoadAsync("kill", async client =>
        {
            Cluster.SignalSilo(2, "KILL");
            var clock = Stopwatch.StartNew();

            // Thirty scopes' worth of grains lived all over the cluster; every scope takes a write again.
            foreach (var scope in Enumerable.Range(0, 10))
            {
                await client.PutAsync($"kill-{scope}", "after", [1, 2, 3]);
            }

            output.WriteLine($"after kill -9 all scopes answered within {clock.Elapsed.TotalSeconds:0.0} s");
        });
    }

    [ClusterFact]
    public async Task A_frozen_silo_is_left_behind_and_ends_when_it_wakes()
    {
        await RunUnderLoadAsync("freeze", async client =>
        {
            var frozen = Cluster.SiloProcess(1);
            Cluster.SignalSilo(1, "STOP");
            await Task.Delay(TimeSpan.FromSeconds(8));
            await client.PutAsync("freeze-0", "meanwhile", [4, 5, 6]);
            Repository.Run("kill", ["-CONT", $"{frozen}"]);
            await Eventually(() => Cluster.SiloProcess(1) != frozen, "the woken silo ended and another took its place");
        });
    }

    [ClusterFact]
    public async Task Nobody_dies_when_Redis_is_gone_for_a_while()
    {
        var before = Enumerable.Range(0, 3).Select(Cluster.SiloProcess).ToArray();
        await RunUnderLoadAsync("redis", async client =>
        {
            Cluster.SignalServer("redis", "STOP");
            await Task.Delay(TimeSpan.FromSeconds(Seeds.Soak ? 60 : 8));
            await client.PutAsync("redis-0", "meanwhile", [7, 8, 9]);
            Cluster.SignalServer("redis", "CONT");
        });
        Assert.Equal(before, Enumerable.Range(0, 3).Select(Cluster.SiloProcess));
    }

    [ClusterFact]
    public async Task A_database_that_is_killed_and_comes_back_loses_no_acknowledged_write()
    {
        await RunUnderLoadAsync("database", async client =>
        {
            Cluster.SignalServer("mariadb", "KILL");
            await Task.Delay(TimeSpan.FromSeconds(3));
            await client.PutAsync("database-0", "after", [1]);
        });
    }

    [ClusterFact]
    public async Task A_silo_that_stops_in_order_loses_no_request_of_a_retrying_client()
    {
        var before = Cluster.SiloProcess(0);
        await RunUnderLoadAsync("stop", async _ =>
        {
            Cluster.SignalSilo(0, "TERM");
            await Eventually(() => Cluster.SiloProcess(0) != before, "the stopped silo came back");
        });
    }

    /// <summary>Writers on ten scopes through all silos while something happens; then everything is there, in whole sequences.</summary>
    private async Task RunUnderLoadAsync(string name, Func<RetryingClient, Task> happening)
    {
        using var client = new RetryingClient(Cluster);
        foreach (var scope in Enumerable.Range(0, 10))
        {
            await client.RepeatAsync(HttpMethod.Post, "api/v1/scopes", request => request.Content = JsonContent.Create(new { name = $"{name}-{scope}" }));
            await client.RepeatAsync(HttpMethod.Put, $"api/v1/scopes/{name}-{scope}/stores/local-silo-1", request => request.Content = JsonContent.Create(new { uploadPriority = 100, downloadPriority = 100 }));
            await client.RepeatAsync(HttpMethod.Put, $"api/v1/scopes/{name}-{scope}/stores/local-silo-2", request => request.Content = JsonContent.Create(new { uploadPriority = 50, downloadPriority = 50 }));
        }

        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentQueue<Exception>();
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var random = Seeds.Create(writer);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    var content = new byte[random.Next(1, 20_000)];
                    random.NextBytes(content);
                    await client.PutAsync($"{name}-{i % 10}", $"w{writer}/{i}", content);
                }
                catch (Exception failure)
                {
                    failures.Enqueue(failure);
                    return;
                }
            }
        })).ToList();
        try
        {
            await Task.Delay(1000);
            await happening(client);
            await Task.Delay(1000);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        Assert.Empty(failures);
        await Cluster.WaitUntilReadyAsync(Recovery);
        output.WriteLine($"{client.Acknowledged} writes, the slowest took {client.Slowest.TotalSeconds:0.0} s");
        await client.AssertNothingLostAsync();
        foreach (var scope in Enumerable.Range(0, 10))
        {
            await client.AssertSequenceIsWholeAsync($"{name}-{scope}");
        }
    }

    private static async Task Eventually(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (condition())
                {
                    return;
                }
            }
            catch (IOException)
            {
                // The pid file is between two writers.
            }

            Assert.True(clock.Elapsed < Recovery, $"Waited in vain until {what}.");
            await Task.Delay(100);
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>Silos that stop in order, one after the other, while clients go on.</summary>
[Collection(MembersGroup.Name)]
public sealed class RollingRestartTests(ThreeSilos silos, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private LocalCluster Cluster => silos.Cluster;

    public Task InitializeAsync() => Cluster is null ? Task.CompletedTask : Cluster.WaitUntilReadyAsync(Limit);

    public Task DisposeAsync() => Task.CompletedTask;

    [ClusterFact]
    public async Task A_rolling_restart_of_three_silos_fails_no_request_of_a_retrying_client()
    {
        using var client = new RetryingClient(Cluster);
        for (var scope = 0; scope < 6; scope++)
        {
            await client.RepeatAsync(HttpMethod.Post, "api/v1/scopes", request => request.Content = JsonContent.Create(new { name = $"rolling-{scope}" }));
            foreach (var (store, priority) in new[] { ("local-silo-1", 100), ("local-silo-2", 50), ("local-silo-3", 25) })
            {
                await client.RepeatAsync(HttpMethod.Put, $"api/v1/scopes/rolling-{scope}/stores/{store}", request => request.Content = JsonContent.Create(new { uploadPriority = priority }));
            }
        }

        using var stop = new CancellationTokenSource();
        var seeds = Seeds.Create(output);
        var writers = Enumerable.Range(0, 6).Select(_ => seeds.Next()).ToArray().Select((seed, writer) => Task.Run(async () =>
        {
            var random = Seeds.Create(seed);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var content = new byte[random.Next(1, 20_000)];
                random.NextBytes(content);
                await client.PutAsync($"rolling-{i % 6}", $"w{writer}/{i}", content);
            }
        })).ToList();
        for (var round = 0; round < Seeds.Times(1, 10); round++)
        {
            for (var silo = 0; silo < 3; silo++)
            {
                var before = Cluster.SiloProcess(silo);
                Cluster.SignalSilo(silo, "TERM");
                await ReplacedAsync(silo, before);
                await Cluster.WaitUntilReadyAsync(Limit);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers); // a request that failed after its repeats fails the test here
        output.WriteLine($"{client.Acknowledged} writes, the slowest took {client.Slowest.TotalSeconds:0.0} s");
        await client.AssertNothingLostAsync();
        for (var scope = 0; scope < 6; scope++)
        {
            await client.AssertSequenceIsWholeAsync($"rolling-{scope}");
        }
    }

    [ClusterFact]
    public async Task A_silo_that_stops_says_so_serves_on_ends_what_is_open_and_leaves_in_order()
    {
        await using var silo = await WorkerProcess.StartAsync(Cluster, "serve", "silo-rolling", ("GRANARY_DRAIN_SECONDS", "6"), ("GRANARY_LOCAL_STORE", "false"));
        using var client = new HttpClient { BaseAddress = silo.Url, Timeout = Limit };
        client.DefaultRequestHeaders.Authorization = new("Bearer", Cluster.OperatorKey);

        // An upload that is half sent when the silo is told to stop, and ends after the time in which new requests are taken.
        using var half = new HalfSent(new byte[3 << 20]);
        var open = client.PutAsync("api/v1/scopes/main/files/open", half);
        await half.Begun.WaitAsync(Limit);
        var clock = Stopwatch.StartNew();
        silo.Signal("TERM");
        while (await silo.ReadyAsync() == HttpStatusCode.OK)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), "A silo that was told to stop still says that it is ready.");
            await Task.Delay(10);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await silo.ReadyAsync());
        var served = 0;
        while (clock.Elapsed < TimeSpan.FromSeconds(5))
        {
            using var answer = await client.PutAsync($"api/v1/scopes/main/files/meanwhile/{served}", new ByteArrayContent([1, 2, 3]));
            Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} {clock.Elapsed.TotalSeconds:0.0} s after the signal");
            served++;
            await Task.Delay(100);
        }

        await Task.Delay(TimeSpan.FromSeconds(2));
        half.Finish();
        using var ended = await open;
        Assert.True(ended.IsSuccessStatusCode, $"{ended.StatusCode}");
        await silo.Exited.WaitAsync(Limit);
        output.WriteLine($"{served} requests were served after the signal; it ended {clock.Elapsed.TotalSeconds:0.0} s after it");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(6 + 30), $"It took {clock.Elapsed.TotalSeconds:0} s.");
        Assert.Contains("Silo silo-rolling stopped.", silo.Output, StringComparison.Ordinal);

        // What it acknowledged is there, and it left the cluster: nobody had to find it dead.
        using var other = Cluster.Client(0);
        Assert.Equal(3 << 20, (await other.GetByteArrayAsync("api/v1/scopes/main/files/open")).Length);
        var view = await other.GetFromJsonAsync<System.Text.Json.JsonElement>("api/v1/cluster");
        Assert.DoesNotContain(view.GetProperty("silos").EnumerateArray(), one => one.GetProperty("name").GetString() == "silo-rolling" && one.GetProperty("status").GetString() == "active");
    }

    private async Task ReplacedAsync(int silo, int before)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (Cluster.SiloProcess(silo) != before)
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is IOException or FormatException)
            {
                // The pid file is between two writers.
            }

            Assert.True(clock.Elapsed < Limit, $"silo-{silo + 1} did not come back.");
            await Task.Delay(50);
        }
    }

    /// <summary>A body whose second half is sent when the test says so.</summary>
    private sealed class HalfSent(byte[] content) : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(content.AsMemory(0, content.Length / 2));
            await stream.FlushAsync();
            _begun.TrySetResult();
            await _finish.Task;
            await stream.WriteAsync(content.AsMemory(content.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Length;
            return true;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>A worker beside three silos: it takes the steps of maintenance, and nobody misses it when it dies.</summary>
[Collection(MembersGroup.Name)]
public sealed class WorkerTests(ThreeSilos silos, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Files = 24;
    private const int Size = 20_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private LocalCluster Cluster => silos.Cluster;

    public Task InitializeAsync() => Cluster is null ? Task.CompletedTask : Cluster.WaitUntilReadyAsync(Limit);

    public Task DisposeAsync() => Task.CompletedTask;

    [ClusterFact]
    public async Task A_worker_does_the_copies_an_owner_reads_its_own_disk_and_without_the_worker_the_silos_go_on()
    {
        await using var worker = await WorkerProcess.StartAsync(Cluster, "worker", "worker-1");
        using var client = Cluster.Client(0);
        await Task.Delay(2500); // lists of living silos are two seconds old at most

        // 1. It is a member that has a role, and no store.
        var view = await client.GetFromJsonAsync<JsonElement>("api/v1/cluster");
        var roles = view.GetProperty("silos").EnumerateArray().Where(silo => silo.GetProperty("status").GetString() == "active")
            .ToDictionary(silo => silo.GetProperty("name").GetString()!, silo => (Assert.Single(silo.GetProperty("roles").EnumerateArray()).GetString(), silo.GetProperty("stores").GetArrayLength()));
        Assert.Equal(("worker", 0), roles["worker-1"]);
        Assert.All(["silo-1", "silo-2", "silo-3"], name => Assert.Equal(("serve", 1), roles[name]));

        // 2. Copies are made by it alone.
        var random = Seeds.Create(output);
        await CreateAsync(client, "worked", "local-silo-1");
        var content = new byte[Size];
        for (var i = 0; i < Files; i++)
        {
            random.NextBytes(content);
            (await client.PutAsync($"api/v1/scopes/worked/files/{i}", new ByteArrayContent(content))).EnsureSuccessStatusCode();
        }

        var before = await BytesAsync("Populate");
        await PopulateAsync(client, "worked", "local-silo-2");
        var after = await BytesAsync("Populate");
        Assert.Equal(before, after);
        Assert.Equal(Files * Size, await ValueAsync(worker.Url, "granary_maintenance_bytes", "Populate"));

        // 3. What reads a whole local store is done by its owner.
        await RunAsync(client, new { store = "local-silo-2" });
        Assert.True(await ValueAsync(Cluster.Urls[1], "granary_maintenance_steps", "Verify") > 0);
        Assert.Equal(0, await ValueAsync(worker.Url, "granary_maintenance_steps", "Verify"));

        // 4. Killed, it is missed by nobody. Its row names it for half a minute more; that it is no member is known sooner.
        worker.Signal("KILL");
        await UntilAsync(
            async () =>
            {
                using var answer = await client.GetAsync("api/v1/cluster");
                return answer.IsSuccessStatusCode && !(await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("silos").EnumerateArray()
                    .Any(silo => silo.GetProperty("name").GetString() == "worker-1" && silo.GetProperty("status").GetString() == "active");
            },
            "the killed worker is no member");
        await PopulateAsync(client, "worked", "local-silo-3");
        Assert.Equal(Files * Size, (await BytesAsync("Populate")) - after);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Limit, $"After {Limit.TotalSeconds:0} s it was still not so that {what}.");
            await Task.Delay(200);
        }
    }

    private static async Task CreateAsync(HttpClient client, string scope, string store)
    {
        (await client.PostAsJsonAsync("api/v1/scopes", new { name = scope })).EnsureSuccessStatusCode();
        (await client.PutAsJsonAsync($"api/v1/scopes/{scope}/stores/{store}", new { uploadPriority = 100, downloadPriority = 100 })).EnsureSuccessStatusCode();
    }

    private static async Task PopulateAsync(HttpClient client, string scope, string store)
    {
        (await client.PutAsJsonAsync($"api/v1/scopes/{scope}/stores/{store}", new { policy = new { populate = true } })).EnsureSuccessStatusCode();
        // A wake that is lost with a silo is made up for within a minute.
        var limit = Limit + TimeSpan.FromSeconds(60);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var shown = await client.GetFromJsonAsync<JsonElement>($"api/v1/scopes/{scope}");
            var chunks = shown.GetProperty("stores").EnumerateArray().First(one => one.GetProperty("store").GetString() == store).GetProperty("chunks").GetInt64();
            var runs = await client.GetFromJsonAsync<JsonElement>("api/v1/maintenance/runs?limit=20");
            if (chunks == Files && runs.GetProperty("items").EnumerateArray().All(run => run.GetProperty("state").GetString() != "running"))
            {
                return;
            }

            Assert.True(clock.Elapsed < limit, $"After {limit.TotalSeconds:0} s {store} had {chunks} of {Files} chunks.");
            await Task.Delay(200);
        }
    }

    private static async Task RunAsync(HttpClient client, object body)
    {
        var started = await (await client.PostAsJsonAsync("api/v1/maintenance/runs", body)).Content.ReadFromJsonAsync<JsonElement>();
        var clock = Stopwatch.StartNew();
        while ((await client.GetFromJsonAsync<JsonElement>($"api/v1/maintenance/runs/{started.GetProperty("id").GetString()}")).GetProperty("state").GetString() == "running")
        {
            Assert.True(clock.Elapsed < Limit, "The run does not end.");
            await Task.Delay(100);
        }
    }

    private async Task<long> BytesAsync(string kind)
    {
        var sum = 0L;
        foreach (var url in Cluster.Urls)
        {
            sum += await ValueAsync(url, "granary_maintenance_bytes", kind);
        }

        return sum;
    }

    private static async Task<long> ValueAsync(Uri silo, string metric, string kind)
    {
        using var client = new HttpClient { BaseAddress = silo };
        var lines = (await client.GetStringAsync("metrics")).Split('\n');
        return lines.Where(line => line.StartsWith(metric, StringComparison.Ordinal) && line.Contains($"kind=\"{kind}\"", StringComparison.Ordinal))
            .Sum(line => (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}

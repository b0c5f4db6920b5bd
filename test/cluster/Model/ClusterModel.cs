using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Granary.Catalog;
using Granary.Crash.Tests.Checks;
using Granary.Crash.Tests.Load;
using Granary.Crash.Tests.Model;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// Three real silos with a local store each and one shared S3 store, under the load of the crash tests behind a balancer, and
/// the model of what clients were told. Rounds of load and faults follow each other; after each one the model, the rows and
/// everything that can be read must agree.
/// </summary>
internal sealed class ClusterModel : IAsyncDisposable
{
    private const int OwnWorkers = 6;
    private const int SharedWorkers = 4;
    private const string Shared = "shared";
    // After a long run hundreds of runs of the load wait before the last one.
    private static readonly int s_runMinutes = Seeds.Times(1, 10);
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(90);

    /// <summary>
    /// After which nothing of a dead silo can arrive any more, with something to spare (design, Space and quotas); who noted
    /// its death may have had a clock that was an hour ahead.
    /// </summary>
    private static readonly TimeSpan s_deadGrace = TimeSpan.FromHours(2);

    private static readonly Sql AgeDeaths = new("UPDATE silo_epoch SET ended = ended - ?1 WHERE ended IS NOT NULL");

    private static readonly Sql AgeFailures = new("UPDATE location SET created = created - ?1 WHERE state = 2");

    private static readonly Sql AgeUnreferenced = new("UPDATE chunk SET unreferenced_since = unreferenced_since - ?1 WHERE unreferenced_since IS NOT NULL");

    private readonly RoundRobin _balancer;
    private readonly ApiClient _api;
    private readonly Contents _contents = new();
    private readonly ScopeModel _main = new("main", keepVersions: 1);
    private readonly ScopeModel _other = new("other", keepVersions: 3);
    private readonly List<SessionModel>[] _sessions = [[], []];
    private readonly Action<string> _say;
    private string _bucket = "";
    private int _round;

    private ClusterModel(SiloCluster cluster, Action<string> say)
    {
        (Cluster, _say) = (cluster, say);
        _balancer = new RoundRobin(cluster);
        _api = new ApiClient(cluster.Urls[0], cluster.OperatorKey, _balancer);
    }

    /// <summary>The silos.</summary>
    public SiloCluster Cluster { get; }

    /// <summary>Changes that were acknowledged so far.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>COMMITs that fail on their way, when a round asks for it; null where the silos talk to the database directly.</summary>
    public CommitFaults? Commits { get; private init; }

    /// <summary>Starts three silos, the stores and the scopes.</summary>
    /// <param name="say">Where it is told how it goes.</param>
    /// <param name="prepare">What is done to the silos before they start.</param>
    /// <param name="commitFaults">Whether the silos reach the database through <see cref="Commits"/>.</param>
    public static async Task<ClusterModel> StartAsync(Action<string> say, Action<List<SiloProcess>>? prepare = null, bool commitFaults = false)
    {
        CommitFaults? commits = null;
        var cluster = await SiloCluster.StartAsync(3, prepare, connection => commitFaults ? (commits = new CommitFaults(connection)).ConnectionString : connection);
        var model = new ClusterModel(cluster, say) { Commits = commits };
        try
        {
            await model.PrepareAsync();
            return model;
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
    }

    /// <summary>One round: load, something that happens, the end of the load, and the checks.</summary>
    public async Task RoundAsync(Func<Task> happening)
    {
        var round = _round++;
        using var over = new CancellationTokenSource();
        Random Next(int worker) => Seeds.Create((round * 100) + worker);
        var working = Enumerable.Range(0, OwnWorkers).Select(i => new OwnWorker(_api, _contents, i % 3 == 2 ? _other : _main, i % 3 == 2 ? _main : _other, i, Next(i)).RunAsync(over.Token))
            .Concat(Enumerable.Range(0, SharedWorkers).Select(i => new SharedWorker(_api, _contents, i % 2 == 0 ? _main : _other, Next(50 + i)).RunAsync(over.Token)))
            .Concat(_sessions.Select((open, i) => new SessionWorker(_api, _contents, i == 0 ? _main : _other, i, open, Next(70 + i)).RunAsync(over.Token)))
            .Append(new Vanisher(_api, _main, Next(80)).RunAsync(over.Token))
            .Append(new Operator(_api, _main, Shared, Next(81)).RunAsync(over.Token))
            .Append(new Maintainer(_api, Next(82)).RunAsync(over.Token))
            .ToArray();
        try
        {
            await happening();
            await Task.Delay(500);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(working).WithinAsync("the clients end", TimeSpan.FromSeconds(180));
        }

        await CheckAsync();
    }

    /// <summary>
    /// Steps: (1) the log is replayed against what was asked; (2) the rows agree; (3) every file reads back; (4) nobody was
    /// answered what no server may answer, or found nobody.
    /// </summary>
    public async Task CheckAsync()
    {
        var clock = Stopwatch.StartNew();
        var asked = _api.Asked.ToArray();
        _api.Asked.Clear();
        Fail("Requests found nobody", _balancer.GivenUp);
        Fail("A silo answered what it must not", _api.Wrong.Concat(_balancer.Faults));
        await using var rows = await Rows.OpenAsync(Cluster.Catalog);
        foreach (var scope in new[] { _main, _other })
        {
            var own = asked.Where(operation => operation.Scope == scope.Name && operation.Outcome != Outcome.Refused).ToArray();
            Fail("The change log is not what clients were told", scope.Replay(await rows.ChangesAsync(scope.Name, scope.Head), own, _contents));
        }

        Fail("The rows do not agree", await rows.BrokenRulesAsync());
        foreach (var scope in new[] { _main, _other })
        {
            Fail("What was acknowledged is not there", await ReadBack.CheckAsync(_api, scope, _contents));
        }

        Fail("A silo answered what it must not", _api.Wrong.Concat(_balancer.Faults));
        Fail("Requests found nobody", _balancer.GivenUp);
        var acknowledged = asked.Count(static operation => operation.Outcome == Outcome.Done);
        Acknowledged += acknowledged;
        _say($"  {acknowledged} changes were acknowledged, {_balancer.Repeats} requests repeated so far, the slowest took {_balancer.Slowest.TotalSeconds:0.0} s; checked in {clock.Elapsed.TotalSeconds:0.0} s");
    }

    /// <summary>
    /// The end: everything that is due is done, fsck finds nothing, and when the silos have stopped, rows and stores hold the
    /// same.
    /// </summary>
    public async Task SettleAsync()
    {
        await Cluster.WaitUntilReadyAsync();
        await AbortSessionsAsync();
        await Operator.CalmAsync(_api, _main, Shared);
        await using (var rows = await Rows.OpenAsync(Cluster.Catalog))
        {
            // While all are down, two hours pass.
            await StopAsync();
            await rows.ChangeAsync(AgeDeaths, (long)s_deadGrace.TotalMilliseconds);
            await rows.ChangeAsync(AgeFailures, (long)s_deadGrace.TotalMilliseconds);
            await rows.ChangeAsync(AgeUnreferenced, (long)s_deadGrace.TotalMilliseconds);
            Cluster.Silos.ForEach(static silo => silo.Start());
            await Cluster.WaitUntilReadyAsync();
            await DoAsync(_api.Http.PatchAsJsonAsync("api/v1/maintenance/settings", new { graceSeconds = 0 }));

            // The second round finds the rows whose copies the first one had deleted.
            for (var round = 0; round < 2; round++)
            {
                var run = await Maintainer.CompleteAsync(_api, new { }, minutes: s_runMinutes);
                Assert.True((string?)run["state"] == "done", run.ToJsonString());
                await rows.WaitForQuietAsync(s_settling);
            }

            var fsck = await Maintainer.CompleteAsync(_api, new { data = true }, "api/v1/fsck", s_runMinutes);
            Assert.True((string?)fsck["state"] == "done" && (long)fsck["errors"]! == 0, fsck.ToJsonString());
        }

        await StopAsync();
        await using var left = await Rows.OpenAsync(Cluster.Catalog);
        Fail("The rows do not agree", await left.BrokenRulesAsync());
        Fail("Rows and stores differ", await left.CompareWithStoresAsync(ContentOfAsync));
        Assert.True(Acknowledged > 0);
    }

    private async Task StopAsync()
    {
        var ends = await Task.WhenAll(Cluster.Silos.Select(static silo => silo.StopAsync()));
        Assert.All(ends, static code => Assert.Equal(0, code));
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        _balancer.Dispose();
        await Cluster.DisposeAsync();
        if (Commits is not null)
        {
            await Commits.DisposeAsync();
        }
    }

    private async Task PrepareAsync()
    {
        var server = S3Server.Current;
        _bucket = await server.MakeBucketAsync();
        await DoAsync(_api.Http.PostAsJsonAsync("api/v1/file-stores", new
        {
            name = Shared,
            backend = "s3",
            configuration = new
            {
                endpoint = server.Endpoint.GetLeftPart(UriPartial.Authority),
                bucket = _bucket,
                forcePathStyle = true,
                accessKey = server.Credentials.AccessKey,
                secretKey = server.Credentials.SecretKey,
            },
            maxSize = 60_000_000,
        }));
        await DoAsync(_api.Http.PatchAsJsonAsync("api/v1/tenants/default", new { stores = new[] { "local-silo-1", "local-silo-2", "local-silo-3", Shared } }));
        await DoAsync(_api.Http.PostAsJsonAsync("api/v1/scopes", new { name = "other", keepVersions = 3 }));
        await DoAsync(_api.Http.PutAsJsonAsync($"api/v1/scopes/main/stores/{Shared}", new { uploadPriority = 120 }));
        await DoAsync(_api.Http.PutAsJsonAsync($"api/v1/scopes/other/stores/{Shared}", new { uploadPriority = 20 }));
        foreach (var (store, priority) in new[] { ("local-silo-1", 90), ("local-silo-2", 80), ("local-silo-3", 100) })
        {
            await DoAsync(_api.Http.PutAsJsonAsync($"api/v1/scopes/other/stores/{store}", new { uploadPriority = priority }));
        }

        // Longer than any read here takes, short enough that collection meets what is still in use elsewhere.
        await DoAsync(_api.Http.PatchAsJsonAsync("api/v1/maintenance/settings", new { graceSeconds = 5 }));
    }

    private static async Task DoAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    // Also those whose beginning was not answered, so that no client knows of them.
    private async Task AbortSessionsAsync()
    {
        foreach (var scope in new[] { "main", "other" })
        {
            var page = JsonNode.Parse(await _api.Http.GetStringAsync($"api/v1/scopes/{scope}/uploads?limit=1000"))!;
            foreach (var session in page["items"]!.AsArray())
            {
                await DoAsync(_api.Http.DeleteAsync($"api/v1/uploads/{session!["id"]}"));
            }
        }
    }

    private async Task<IReadOnlyDictionary<string, long>> ContentOfAsync(string store)
    {
        if (store != Shared)
        {
            return await Rows.ContentOfFolderAsync(Path.Combine(Cluster.Silos.Single(silo => $"local-{silo.Name}" == store).Data, "stores", "local"));
        }

        var found = new Dictionary<string, long>();
        using var s3 = S3Server.Current.Client();
        var request = new ListObjectsV2Request { BucketName = _bucket, Prefix = "chunks/" };
        do
        {
            var page = await s3.ListObjectsV2Async(request);
            foreach (var item in page.S3Objects ?? [])
            {
                found.Add(item.Key, item.Size ?? -1);
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is not null);
        return found;
    }

    private void Fail(string what, IEnumerable<string> findings)
    {
        var list = findings.ToArray();
        Assert.True(
            list.Length == 0,
            $"{what} (round {_round - 1}):\n{string.Join('\n', list.Take(20))}{(list.Length > 20 ? $"\nand {list.Length - 20} more" : "")}");
    }
}

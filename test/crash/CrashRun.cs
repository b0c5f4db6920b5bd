using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Granary.Crash.Tests.Checks;
using Granary.Crash.Tests.Faults;
using Granary.Crash.Tests.Load;
using Granary.Crash.Tests.Model;
using Granary.Process.Tests.Servers;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Crash.Tests;

/// <summary>
/// One installation through many lives of its server: each begins with a check of everything that the lives before promised,
/// goes on with load, and ends with SIGKILL. The last one ends cleanly, and then rows and disk are compared.
/// </summary>
internal sealed class CrashRun : IDisposable
{
    private const int OwnWorkers = 6;
    private const int SharedWorkers = 4;
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(60);
    private readonly TempFolder _temp = new();
    private readonly ITestOutputHelper _output;
    private readonly Random _random;
    private readonly int _number;
    private readonly Contents _contents = new();
    private readonly ScopeModel _main = new("main", keepVersions: 1);
    private readonly ScopeModel _other = new("other", keepVersions: 3);
    private readonly List<SessionModel>[] _sessions = [[], []];
    private readonly List<TusModel>[] _tus = [[], []];
    private List<Operation> _asked = [];
    private int _acknowledged;
    private int _unknown;
    private int _repeated;
    private int _unavailable;

    /// <param name="output">Where the seed and the lives are told.</param>
    /// <param name="number">Which run of this test.</param>
    /// <param name="random">Its seed.</param>
    public CrashRun(ITestOutputHelper output, int number, Random random) => (_output, _number, _random) = (output, number, random);

    private string Data => _temp["data"];

    /// <summary>Points that ended or froze a life.</summary>
    public HashSet<string> Hit { get; } = new(StringComparer.Ordinal);

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("CRASH_KEEP") is null)
        {
            _temp.Dispose();
        }
    }

    /// <summary>So many kills, then the last check.</summary>
    public async Task RunAsync(int kills)
    {
        _output.WriteLine($"data in {Data}");
        await PrepareAsync();

        // All at once: what happens in a life must not change what is planned for the next, or no run could be repeated.
        var plans = Enumerable.Range(0, kills).Select(life => FaultPlan.Choose(_random, (_number * kills) + life)).ToArray();
        for (var life = 0; life < kills; life++)
        {
            var plan = plans[life];
            _output.WriteLine($"life {life}: {plan}");
            var hooks = plan.Hook.Length == 0
                ? Array.Empty<(string, string)>()
                : [("DOTNET_STARTUP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Granary.CrashHook.dll")), ("CRASH_PLAN", plan.Hook)];
            await using var server = ServerProcess.Launch(["up", "--data", Data, "--port", "0"], Data, [.. hooks, ("GRANARY_LOG_LEVEL", "Warning")]);
            using var keeper = new Keeper(server.Id, plan);
            try
            {
                await LiveAsync(server, keeper, life);
            }
            catch (Exception died) when (died is ServerGoneException or HttpRequestException or InvalidOperationException && server.Output.Contains("fault: ", StringComparison.Ordinal))
            {
                // The point was reached at the start or by the checks, which is as good a moment as any.
            }

            await keeper.Dead.WithinAsync("the server is dead");
            if (server.Output.Contains("fault: ", StringComparison.Ordinal))
            {
                Hit.Add(plan.Hook.Split(':')[0]);
            }
        }

        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var api = ClientOf(server);
            await CheckPromisesAsync(api);
            await AbortSessionsAsync(api);
            await Operator.CalmAsync(api, _main, "second");
            await Operator.CalmAsync(api, _other, "second");
            await using (var rows = await Rows.OpenAsync(Data))
            {
                await rows.WaitForQuietAsync(s_settling);
                await DoAsync(api.Http.PatchAsJsonAsync("api/v1/maintenance/settings", new { graceSeconds = 0 }));

                // The second round finds the rows whose copies the first one had deleted.
                for (var round = 0; round < 2; round++)
                {
                    var run = await Maintainer.CompleteAsync(api, new { });
                    Assert.True((string?)run["state"] == "done", run.ToJsonString());
                    await rows.WaitForQuietAsync(s_settling);
                }
            }

            Assert.Equal(0, await server.SignalAsync("TERM"));
        }

        await using var left = await Rows.OpenAsync(Data);
        Assert.Empty(await left.BrokenRulesAsync());
        Assert.Empty(await left.CompareWithStoresAsync(store => Rows.ContentOfFolderAsync(Path.Combine(Data, "stores", store))));
        _output.WriteLine($"{_acknowledged} changes were acknowledged, {_unknown} ended without an answer, {_repeated} of them were repeated with their key, {_unavailable} were answered 503.");
        Assert.True(_acknowledged > 0);
    }

    private async Task LiveAsync(ServerProcess server, Keeper keeper, int life)
    {
        await server.ReadyAsync();
        using var api = ClientOf(server);
        await CheckPromisesAsync(api);
        await LoadAsync(api, keeper, life);
    }

    private static ApiClient ClientOf(ServerProcess server) => new(new Uri(server.Url + "/"), server.OperatorKey);

    private async Task PrepareAsync()
    {
        await using var server = await ServerProcess.UpAsync(Data);
        using var api = ClientOf(server);
        var folder = Path.Combine(Data, "stores", "second");
        Directory.CreateDirectory(folder);
        await DoAsync(api.Http.PostAsJsonAsync("api/v1/file-stores", new { name = "second", backend = "local", configuration = new { path = folder, silo = "silo-1" }, maxSize = 40_000_000 }));
        await DoAsync(api.Http.PatchAsJsonAsync("api/v1/tenants/default", new { stores = new[] { "local", "second" } }));
        await DoAsync(api.Http.PutAsJsonAsync("api/v1/scopes/main/stores/second", new { uploadPriority = 120 }));
        await DoAsync(api.Http.PostAsJsonAsync("api/v1/scopes", new { name = "other", keepVersions = 3 }));

        // What one scope has copied there all the time the other one drains, and the other way round.
        await DoAsync(api.Http.PutAsJsonAsync("api/v1/scopes/other/stores/second", new { policy = new { populate = true } }));

        // Longer than any read here takes, short enough that collection meets what is still in use elsewhere.
        await DoAsync(api.Http.PatchAsJsonAsync("api/v1/maintenance/settings", new { graceSeconds = 2 }));
    }

    private static async Task DoAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    // Also those whose beginning was not answered, so that no client knows of them.
    private static async Task AbortSessionsAsync(ApiClient api)
    {
        foreach (var scope in new[] { "main", "other" })
        {
            var page = JsonNode.Parse(await api.Http.GetStringAsync($"api/v1/scopes/{scope}/uploads?limit=1000"))!;
            foreach (var session in page["items"]!.AsArray())
            {
                await DoAsync(api.Http.DeleteAsync($"api/v1/uploads/{session!["id"]}"));
            }
        }
    }

    /// <summary>
    /// Steps: (1) some of what was not answered is asked again with its key; (2) the log is replayed against what was asked;
    /// (3) the rows agree; (4) every file reads back; (5) the server finds nothing wrong with itself, every copy hashed.
    /// </summary>
    private async Task CheckPromisesAsync(ApiClient api)
    {
        foreach (var operation in _asked.Where(operation => operation is { Outcome: Outcome.Unknown, Key: not null } && _random.Next(2) == 0))
        {
            await api.RepeatAsync(operation);
            _repeated++;
        }

        await using var rows = await Rows.OpenAsync(Data);
        foreach (var scope in new[] { _main, _other })
        {
            var asked = _asked.Where(operation => operation.Scope == scope.Name && operation.Outcome != Outcome.Refused).ToArray();
            Fail("The change log is not what clients were told", scope.Replay(await rows.ChangesAsync(scope.Name, scope.Head), asked, _contents));
        }

        _acknowledged += _asked.Count(static operation => operation.Outcome == Outcome.Done);
        _unknown += _asked.Count(static operation => operation.Outcome == Outcome.Unknown);
        _asked = [];
        Fail("The rows do not agree", await rows.BrokenRulesAsync());
        foreach (var scope in new[] { _main, _other })
        {
            Fail("What was acknowledged is not there", await ReadBack.CheckAsync(api, scope, _contents));
        }

        Fail("fsck finds what must not be", await Fsck.CheckAsync(api));
        Fail("The server answered what it must not", api.Wrong);
    }

    private async Task LoadAsync(ApiClient api, Keeper keeper, int life)
    {
        using var over = new CancellationTokenSource();
        Random Next(int worker) => Seeds.Create((((_number * 1_000) + life) * 100) + worker);
        var working = Enumerable.Range(0, OwnWorkers).Select(i => new OwnWorker(api, _contents, i % 3 == 2 ? _other : _main, i % 3 == 2 ? _main : _other, i, Next(i)).RunAsync(over.Token))
            .Concat(Enumerable.Range(0, SharedWorkers).Select(i => new SharedWorker(api, _contents, i % 2 == 0 ? _main : _other, Next(50 + i)).RunAsync(over.Token)))
            .Concat(_sessions.Select((open, i) => new SessionWorker(api, _contents, i == 0 ? _main : _other, i, open, Next(70 + i)).RunAsync(over.Token)))
            .Concat(_tus.Select((open, i) => new TusWorker(api, _contents, i == 0 ? _main : _other, i, open, Next(75 + i)).RunAsync(over.Token)))
            .Append(new Vanisher(api, _main, Next(80)).RunAsync(over.Token))
            .Append(new Operator(api, _main, "second", Next(81)).RunAsync(over.Token))
            .Append(new Operator(api, _other, "second", Next(83)).RunAsync(over.Token))
            .Append(new Maintainer(api, Next(82)).RunAsync(over.Token))
            .ToArray();
        keeper.BeginLoad();
        await keeper.Dead;
        await over.CancelAsync();
        await Task.WhenAll(working).WithinAsync("the clients notice that the server is gone", TimeSpan.FromSeconds(120));
        _asked.AddRange(api.Asked);
        _unavailable += _asked.Count(static operation => operation.Answer?.StartsWith("503", StringComparison.Ordinal) == true);
        Fail("The server answered what it must not", api.Wrong);
    }

    private void Fail(string what, IEnumerable<string> findings)
    {
        var list = findings.ToArray();
        Assert.True(list.Length == 0, $"{what} (run {_number}):\n{string.Join('\n', list.Take(20))}{(list.Length > 20 ? $"\nand {list.Length - 20} more" : "")}");
    }
}

using System.Text.Json.Nodes;

namespace Granary.Http.Tests.Administration;

/// <summary>Runs and settings of maintenance over HTTP, on the whole silo.</summary>
[Collection("administration")]
public sealed class MaintenanceTests(AdminWorld world)
{
    private const string Runs = "/api/v1/maintenance/runs";
    private const string Settings = "/api/v1/maintenance/settings";

    [Fact]
    [Trait("Behaviour", "D24")]
    [Trait("Behaviour", "D25")]
    [Trait("Behaviour", "O1")]
    [Trait("Behaviour", "O2")]
    public async Task A_run_over_everything_ends_and_says_what_each_task_did()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "a");
        var run = await EndAsync(await StartAsync(Runs, "{}"));
        Assert.Equal("maintenance", (string?)run["kind"]);
        var tasks = run["tasks"]!.AsArray();
        var kinds = tasks.Select(static task => (string)task!["kind"]!).ToArray();
        Assert.Contains("collect", kinds);
        Assert.Contains("sweep", kinds);
        Assert.True(Array.IndexOf(kinds, "collect") < Array.IndexOf(kinds, "verify"));
        Assert.True(Array.IndexOf(kinds, "verify") < Array.IndexOf(kinds, "sweep"));
        var verify = tasks.Single(static task => (string?)task!["kind"] == "verify" && (string?)task["store"] == "local")!;
        Assert.Equal("done", (string?)verify["state"]);
        Assert.True((long)verify["doneChunks"]! >= 1);
        Assert.NotNull((string?)run["started"]);
        Assert.NotNull((string?)run["ended"]);
        Assert.Contains((await world.GetAsync($"{Runs}?limit=1000")).Is(200).Json["items"]!.AsArray(), item => (string?)item!["id"] == (string?)run["id"]);
    }

    [Fact]
    public async Task Fsck_of_a_sound_scope_finds_nothing()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "a");
        var run = await EndAsync(await StartAsync("/api/v1/fsck", $$"""{"scope": "{{scope}}", "data": true}"""));
        Assert.Equal(("done", "fsck", scope), ((string?)run["state"], (string?)run["kind"], (string?)run["scope"]));
        Assert.Equal(0, (long)run["findings"]!);
        Assert.True((long)run["doneChunks"]! >= 2);
    }

    [Fact]
    [Trait("Behaviour", "O1")]
    [Trait("Behaviour", "O4")]
    public async Task A_run_is_refused_for_what_does_not_exist_and_to_those_who_are_no_operators()
    {
        (await world.SendAsync("POST", Runs, """{"scope": "no-such-scope"}""")).Refused(400, "invalid-request", "scope");
        (await world.SendAsync("POST", Runs, """{"store": "no-such-store"}""")).Refused(400, "invalid-request", "store");
        (await world.SendAsync("POST", Runs, """{"colour": "red"}""")).Refused(400, "invalid-request", "colour");
        (await world.GetAsync($"{Runs}/999999")).Refused(404, "not-found");
        (await world.GetAsync($"{Runs}/x")).Refused(404, "not-found");
        (await world.SendAsync("POST", $"{Runs}/999999/pause")).Refused(404, "not-found");
        var admin = await world.MakeKeyAsync("admin");
        (await world.GetAsync(Runs, admin)).Refused(403, "forbidden");
    }

    [Fact]
    [Trait("Behaviour", "G8")]
    public async Task An_ended_run_can_neither_be_paused_nor_resumed_nor_cancelled()
    {
        var id = await StartAsync(Runs, """{"store": "local", "dryRun": true}""");
        await EndAsync(id);
        foreach (var verb in new[] { "pause", "resume", "cancel" })
        {
            (await world.SendAsync("POST", $"{Runs}/{id}/{verb}")).Refused(409, "conflict");
        }

        (await world.GetAsync($"{Runs}/{id}/findings")).Is(200);
    }

    [Fact]
    [Trait("Behaviour", "O7")]
    public async Task Settings_change_one_by_one_and_null_unsets()
    {
        var before = (await world.GetAsync(Settings)).Is(200).Json;
        Assert.Equal("02:00", (string?)before["schedule"]!["dailyAt"]);
        Assert.Equal(4, (int)before["pace"]!["parallel"]!);
        Assert.Equal(86_400, (long)before["graceSeconds"]!);
        var changed = (await world.SendAsync(
            "PATCH", Settings, """{"schedule": {"dailyAt": "23:59"}, "pace": {"parallel": 2, "bytesPerSecond": 1000000}, "scrub": {"everyDays": null}}""")).Is(200).Json;
        Assert.Equal(("23:59", 2, 1_000_000), ((string?)changed["schedule"]!["dailyAt"], (int)changed["pace"]!["parallel"]!, (long)changed["pace"]!["bytesPerSecond"]!));
        Assert.Null(changed["scrub"]!["everyDays"]);
        Assert.Equal(86_400, (long)changed["graceSeconds"]!);
        var back = (await world.SendAsync(
            "PATCH", Settings, """{"schedule": {"dailyAt": "02:00"}, "pace": {"parallel": 4, "bytesPerSecond": null}, "scrub": {"everyDays": 30}}""")).Is(200).Json;
        Assert.Null(back["pace"]!["bytesPerSecond"]);
        (await world.SendAsync("PATCH", Settings, """{"schedule": {"dailyAt": "25:00"}}""")).Refused(400, "invalid-request", "schedule.dailyAt");
        (await world.SendAsync("PATCH", Settings, """{"pace": {"parallel": 0}}""")).Refused(400, "invalid-request", "pace.parallel");
    }

    private async Task<string> StartAsync(string target, string body) => (string)(await world.SendAsync("POST", target, body)).Is(202).Json["id"]!;

    private async Task<JsonNode> EndAsync(string id)
    {
        for (var look = 0; look < 400; look++)
        {
            var run = (await world.GetAsync($"{Runs}/{id}")).Is(200).Json;
            if ((string?)run["state"] is "done" or "failed")
            {
                return run;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"Run {id} did not end in 20 s.");
    }
}

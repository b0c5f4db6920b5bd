namespace Granary.Command.Tests.Servers;

[Collection(ServerGroup.Name)]
public sealed class MaintenanceTests(ServerFixture server) : IDisposable
{
    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_that_is_waited_for_ends_with_its_tasks_and_is_listed()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("a", "content of a run"), $"{scope}:/a");
        var run = Assert.Single((await granary.DoAsync("maintenance", "run", "--store", "local", "--wait", "--json")).Json);
        Assert.Equal("done", run.GetProperty("state").GetString());
        var id = run.GetProperty("id").GetString()!;
        Assert.Contains((await granary.DoAsync("maintenance", "list", "--json")).Json, listed => listed.GetProperty("id").GetString() == id);
        Assert.Contains("verify", (await granary.DoAsync("maintenance", "show", id)).Out, StringComparison.Ordinal);
        Assert.Equal(3, (await granary.RunAsync("maintenance", "cancel", id)).Code);
    }

    [Fact]
    public async Task Fsck_ends_with_1_where_a_copy_is_missing_and_with_0_when_all_is_well()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("sound", "sound content"), $"{scope}:/sound");
        Assert.Equal(0, (await granary.RunAsync("fsck", "--scope", scope, "--data")).Code);

        await granary.DoAsync("put", folder.Write("lost", $"content that is lost in {scope}"), $"{scope}:/lost");
        var hash = (await granary.DoAsync("stat", $"{scope}:/lost", "--json")).Json[0].GetProperty("etag").GetString()!;
        var file = Assert.Single(Directory.EnumerateFiles(server.Data, hash + ".*", SearchOption.AllDirectories));
        var saved = folder.Write("saved", await File.ReadAllBytesAsync(file));
        File.Delete(file);
        var found = await granary.RunAsync("fsck", "--scope", scope);
        Assert.Equal(1, found.Code);
        Assert.Contains("copy-missing", found.Out, StringComparison.Ordinal);
        Assert.Contains(hash, found.Out, StringComparison.Ordinal);
        File.Copy(saved, file);
        Assert.Equal(0, (await granary.RunAsync("fsck", "--scope", scope, "--data")).Code);
    }

    [Fact]
    public async Task Settings_are_shown_changed_and_unset()
    {
        await granary.DoAsync("maintenance", "settings", "--grace", "48h", "--daily-at", "03:30", "--bytes-per-second", "10MiB");
        var shown = Assert.Single((await granary.DoAsync("maintenance", "settings", "--json")).Json);
        Assert.Equal(172_800, shown.GetProperty("graceSeconds").GetInt64());
        Assert.Equal("03:30", shown.GetProperty("schedule").GetProperty("dailyAt").GetString());
        await granary.DoAsync("maintenance", "settings", "--grace", "24h", "--daily-at", "02:00", "--unset", "bytes-per-second");
        var back = Assert.Single((await granary.DoAsync("maintenance", "settings", "--json")).Json);
        Assert.False(back.GetProperty("pace").TryGetProperty("bytesPerSecond", out _));
        Assert.Equal(2, (await granary.RunAsync("maintenance", "settings", "--unset", "colour")).Code);
    }
}

using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Xunit.Abstractions;

namespace Granary.Changes.Tests.Pages;

/// <summary>The change log in pages.</summary>
public sealed class ChangePageTests(ChangesWorld world, ITestOutputHelper output) : IClassFixture<ChangesWorld>
{
    [Fact, Trait("Behaviour", "S12")]
    public async Task Every_mutation_has_one_entry_that_says_what_it_did_and_who()
    {
        var scope = await world.MakeScopeAsync();
        var key = await world.MakeKeyAsync("admin");
        using var client = world.Host.ClientWithKey(key.Secret);
        await world.PutAsync(scope, "a", "one");
        await world.PutAsync(scope, "a", "three");
        using (var move = await client.PostAsJsonAsync($"api/v1/scopes/{scope}/files:move", new { from = "a", to = "dir/b" }))
            move.EnsureSuccessStatusCode();
        using (var delete = await client.DeleteAsync($"api/v1/scopes/{scope}/files/dir/b"))
            delete.EnsureSuccessStatusCode();
        using (var refused = await client.DeleteAsync($"api/v1/scopes/{scope}/files/dir/b"))
            Assert.False(refused.IsSuccessStatusCode);

        var items = (await world.GetAsync($"api/v1/scopes/{scope}/changes?since=0"))["items"]!.AsArray();
        Assert.Equal(["created a 1 3", "updated a 2 5", "moved dir/b 1 5", "deleted dir/b 2 0"], items.Select(i => $"{i!["type"]} {i["path"]} {i["version"]} {i["size"]}"));
        Assert.Equal([1L, 2, 3, 4], items.Select(i => (long)i!["sequence"]!));
        Assert.Equal("a", (string?)items[2]!["oldPath"]);
        Assert.Null(items[0]!["oldPath"]);
        Assert.Equal(["operator", "operator"], items.Take(2).Select(i => (string?)i!["by"]));
        Assert.StartsWith("key-", (string?)items[3]!["by"]);
        Assert.All(items, i => Assert.InRange(DateTimeOffset.Parse((string)i!["time"]!), DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.MaxValue));
    }

    [Fact, Trait("Behaviour", "S13"), Trait("Behaviour", "S14")]
    public async Task Pages_join_without_gap_and_the_last_ones_cursor_goes_on()
    {
        var scope = await world.MakeScopeAsync();
        var empty = await world.GetAsync($"api/v1/scopes/{scope}/changes");
        Assert.Equal((0, 0L, false), (empty["items"]!.AsArray().Count, (long)empty["next"]!, (bool)empty["more"]!));
        await world.PutManyAsync(scope, "f", 57);
        var found = new List<long>();
        JsonNode page;
        long next = 0;
        do
        {
            page = await world.GetAsync($"api/v1/scopes/{scope}/changes?since={next}&limit=10");
            found.AddRange(page["items"]!.AsArray().Select(i => (long)i!["sequence"]!));
            next = (long)page["next"]!;
        }
        while ((bool)page["more"]!);

        Assert.Equal(Enumerable.Range(1, 57).Select(i => (long)i), found);
        var rest = await world.GetAsync($"api/v1/scopes/{scope}/changes?since={next}");
        Assert.Equal((0, 57L), (rest["items"]!.AsArray().Count, (long)rest["next"]!));
        await world.PutAsync(scope, "later");
        Assert.Equal("later", (string?)(await world.GetAsync($"api/v1/scopes/{scope}/changes?since={next}"))["items"]![0]!["path"]);
        Assert.Equal(58, (long)(await world.GetAsync($"api/v1/scopes/{scope}/changes"))["next"]!);
    }

    [Fact, Trait("Behaviour", "S13")]
    public async Task A_prefix_leaves_others_out_and_moves_past_them()
    {
        var scope = await world.MakeScopeAsync();
        foreach (var path in new[] { "in/a", "out/a", "in/b", "out/b" })
            await world.PutAsync(scope, path);
        using (var move = await world.Client.PostAsJsonAsync($"api/v1/scopes/{scope}/files:move", new { from = "in/a", to = "out/c" }))
            move.EnsureSuccessStatusCode();
        var page = await world.GetAsync($"api/v1/scopes/{scope}/changes?since=0&prefix=in%2F");
        Assert.Equal(["in/a", "in/b", "out/c"], page["items"]!.AsArray().Select(i => (string?)i!["path"]));
        Assert.Equal(5, (long)page["next"]!);
    }

    [Theory]
    [InlineData("since=-1", "since")]
    [InlineData("since=x", "since")]
    [InlineData("since=1", "since")]
    [InlineData("since=99999999999999999999", "since")]
    [InlineData("since=0&limit=0", "limit")]
    [InlineData("since=0&limit=5001", "limit")]
    public async Task A_wrong_cursor_or_limit_is_400_and_names_the_field(string query, string field)
    {
        var scope = await world.MakeScopeAsync();
        var problem = await world.GetAsync($"api/v1/scopes/{scope}/changes?{query}", 400);
        Assert.Equal(("invalid-request", field), ((string?)problem["code"], (string?)problem["field"]));
    }

    [Fact, Trait("Behaviour", "S11"), Trait("Behaviour", "S13")]
    public async Task A_cursor_older_than_the_retention_is_410_and_says_where_to_start_over()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 20);
        await world.CutLogAsync(scope, 12);
        var problem = await world.GetAsync($"api/v1/scopes/{scope}/changes?since=11", 410);
        Assert.Equal(("expired", 12L, 20L), ((string?)problem["code"], (long)problem["oldest"]!, (long)problem["head"]!));
        Assert.Equal(8, (await world.GetAsync($"api/v1/scopes/{scope}/changes?since=12"))["items"]!.AsArray().Count);
        await world.CutLogAsync(scope, 20);
        problem = await world.GetAsync($"api/v1/scopes/{scope}/changes?since=19", 410);
        Assert.Equal((20L, 20L), ((long)problem["oldest"]!, (long)problem["head"]!));
        Assert.Equal(21, await world.PutAsync(scope, "next"));
        Assert.Single((await world.GetAsync($"api/v1/scopes/{scope}/changes?since=20"))["items"]!.AsArray());
    }

    [Fact]
    public async Task Who_may_not_read_a_scope_learns_nothing_of_its_log()
    {
        var scope = await world.MakeScopeAsync();
        var other = await world.MakeScopeAsync();
        var limited = await world.MakeKeyAsync("read", null, other);
        using var client = world.Host.ClientWithKey(limited.Secret);
        await world.GetAsync($"api/v1/scopes/{scope}/changes", 404, client);
        await world.GetAsync($"api/v1/scopes/none/changes", 404, client);
        await world.GetAsync($"api/v1/scopes/{other}/changes", 200, client);
        using var writer = world.Host.ClientWithKey((await world.MakeKeyAsync("write")).Secret);
        await world.GetAsync($"api/v1/scopes/{scope}/changes", 403, writer);
        using var anonymous = world.Host.AnonymousClient();
        await world.GetAsync($"api/v1/scopes/{scope}/changes", 401, anonymous);
        await world.GetAsync($"api/v1/scopes/{scope}/changes?token={world.Host.OperatorKey}", 401, anonymous);
        await world.GetAsync("api/v1/changes", 400);
    }

    [Fact]
    public async Task Maintenance_cuts_what_retention_does_not_keep_in_bounded_pages()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 250);
        var log = world.Service<ChangeLogCatalog>();
        var retention = new ChangeRetention { Age = TimeSpan.FromDays(365), Count = 30 };
        ScopeId? at = null;
        var pages = new List<int>();
        while (await log.CutAsync(world.Tenant, at, retention, 100, default) is { } cut)
        {
            at = cut.Scope;
            if (cut.Scope == world.ScopeOf(scope))
                pages.Add(cut.Removed);
        }

        Assert.Equal([100, 100, 20], pages);
        output.WriteLine(string.Join(' ', pages));
        var old = new ChangeRetention { Age = TimeSpan.FromTicks(1) };
        await Task.Delay(5);
        Assert.Equal(30, (await log.CutAsync(world.Tenant, world.ScopeOf(scope), old, 100, default))!.Removed);
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Files;

/// <summary>Copies, moves and listings.</summary>
public sealed class FileChangesTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    [Fact]
    public async Task A_copy_and_a_move_carry_references_and_no_bytes()
    {
        var scope = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(scope, "a", Seeds.Create(output).Bytes(5000), ("Content-Type", "text/plain")), 201);
        var files = HttpWorld.ChunkFiles(world.LocalFolder).Length;
        using var copy = await world.PostAsync($"api/v1/scopes/{scope}/files:copy", new { from = "a", to = "b/c" });
        Assert.Equal(1, (long)(await HttpWorld.JsonOf(copy, 201))["version"]!);
        using var move = await world.PostAsync($"api/v1/scopes/{scope}/files:move", new { from = "b/c", to = "d" });
        await HttpWorld.JsonOf(move, 201);
        Assert.Equal(["a", "d"], await PathsAsync(scope, ""));
        using var get = await world.GetAsync(scope, "d");
        Assert.Equal("text/plain", get.Content.Headers.ContentType!.MediaType);
        Assert.Equal(files, HttpWorld.ChunkFiles(world.LocalFolder).Length);
    }

    [Theory]
    [InlineData("""{"from":"nothing","to":"x"}""", 404, "not-found")]
    [InlineData("""{"from":"a","to":"a"}""", 400, "invalid-request")]
    [InlineData("""{"from":"a"}""", 400, "invalid-request")]
    [InlineData("""{"from":"a","to":"../x"}""", 400, "invalid-request")]
    [InlineData("""{"from":"a","to":"x","more":1}""", 400, "invalid-request")]
    [InlineData("""{"from":1,"to":"x"}""", 400, "invalid-request")]
    [InlineData("""["from"]""", 400, "invalid-request")]
    [InlineData("""{"from":""", 400, "invalid-request")]
    [InlineData("", 400, "invalid-request")]
    public async Task A_copy_against_the_rules_says_which(string body, int status, string code)
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "a", [1]), null);
        using var copy = await world.SendAsync(HttpMethod.Post, "api/v1/scopes/main/files:copy", new StringContent(body, null, "application/json"));
        await HttpWorld.JsonOf(copy, status, code);
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        using var copy = await world.PostAsync("api/v1/scopes/main/files:copy", new { from = "/", to = 5, more = true });
        var errors = (await HttpWorld.JsonOf(copy, 400, "invalid-request"))["errors"]!.AsArray();
        Assert.Equal(["from", "to", "more"], errors.Select(e => (string?)e!["field"]));
    }

    [Fact]
    public async Task A_listing_gives_every_path_once_in_byte_order_whatever_the_page_size()
    {
        var scope = await world.MakeScopeAsync();
        var paths = new[] { "a", "a.txt", "a/1", "a/2/x", "a/2/y", "a0", "b/1", "B", "ä", "é/1", "\U0001f33e", "\uffee" };
        foreach (var path in paths)
            await HttpWorld.JsonOf(await world.PutAsync(scope, path, [1]), 201);
        var ordered = paths.OrderBy(p => System.Text.Encoding.UTF8.GetBytes(p), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).ToList();
        foreach (var limit in new[] { 1, 2, 5, 1000 })
            Assert.Equal(ordered, await PathsAsync(scope, $"limit={limit}"));
        Assert.Equal(ordered.Where(p => p.StartsWith("a/", StringComparison.Ordinal)), await PathsAsync(scope, "prefix=a/&limit=2"));

        using var folders = await world.SendAsync(HttpMethod.Get, $"api/v1/scopes/{scope}/files?delimiter=/");
        var json = await HttpWorld.JsonOf(folders, 200);
        Assert.Equal(["a/", "b/", "é/"], json["prefixes"]!.AsArray().Select(p => (string?)p));
        Assert.Equal(ordered.Where(p => !p.Contains('/', StringComparison.Ordinal)), json["items"]!.AsArray().Select(i => (string)i!["path"]!));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=x")]
    [InlineData("prefix=%ff")]
    public async Task A_page_against_the_rules_is_refused(string query)
    {
        using var list = await world.SendAsync(HttpMethod.Get, $"api/v1/scopes/main/files?{query}");
        await HttpWorld.JsonOf(list, 400, "invalid-request");
    }

    [Fact]
    public async Task A_manifest_and_an_explanation_are_paged_by_index()
    {
        const int Chunk = 4 << 20;
        await HttpWorld.JsonOf(await world.PutAsync("main", "three", Seeds.Create(output).Bytes((2 * Chunk) + 1)), 201);
        foreach (var what in new[] { "manifest", "explain" })
        {
            var seen = new List<int>();
            for (string? after = null; ;)
            {
                using var page = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl("main", "three", $"?{what}&limit=2" + (after is null ? "" : $"&after={after}")));
                var json = await HttpWorld.JsonOf(page, 200);
                seen.AddRange(json["chunks"]!.AsArray().Select(c => (int)c!["index"]!));
                if ((after = (string?)json["next"]) is null)
                    break;
            }

            Assert.Equal([0, 1, 2], seen);
        }
    }

    private async Task<List<string>> PathsAsync(string scope, string query)
    {
        var paths = new List<string>();
        for (string? after = null; ;)
        {
            using var page = await world.SendAsync(
                HttpMethod.Get, $"api/v1/scopes/{scope}/files?{query}" + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}"));
            var json = await HttpWorld.JsonOf(page, 200);
            paths.AddRange(json["items"]!.AsArray().Select(i => (string)i!["path"]!));
            if ((after = (string?)json["next"]) is null)
                return paths;
        }
    }
}

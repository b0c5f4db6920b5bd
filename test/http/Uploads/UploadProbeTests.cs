using System.Net;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Uploads;

/// <summary>Which parts need not be sent, and who may learn that.</summary>
public sealed class UploadProbeTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = Sessions.Small;

    [Fact, Trait("Behaviour", "D18"), Trait("Behaviour", "S6")]
    public async Task What_the_scope_references_or_the_upload_stored_is_bound_and_nothing_else_is_told()
    {
        var random = Seeds.Create(output);
        var scope = await world.MakeScopeAsync();
        var other = await world.MakeScopeAsync();
        var known = random.Bytes(Chunk);
        var elsewhere = random.Bytes(Chunk);
        var own = random.Bytes(Chunk);
        var fresh = random.Bytes(Chunk);
        using var a = await world.PutAsync(scope, "known", known);
        using var b = await world.PutAsync(other, "elsewhere", elsewhere);
        Assert.True(a.IsSuccessStatusCode && b.IsSuccessStatusCode);

        var id = await world.BeginAsync(scope, "probed", 5 * Chunk);
        await world.PutPartsAsync(id, own, [0]);
        var missing = (await world.ProbeAsync(id, (0, own), (1, known), (2, elsewhere), (3, own), (4, fresh)))["missing"]!;
        Assert.Equal("[2,4]", missing.ToJsonString());
        Assert.Equal("0-1,3-3", Sessions.Ranges(await world.StateAsync(id)));

        // The known chunk is held: its file may go meanwhile.
        using var deleted = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "known"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var two = await world.PutPartAsync(id, 2, elsewhere);
        using var four = await world.PutPartAsync(id, 4, fresh);
        Assert.True(two.IsSuccessStatusCode && four.IsSuccessStatusCode);
        using var complete = await world.CompleteAsync(id);
        var json = await HttpWorld.JsonOf(complete, 201);
        Assert.Equal(1, (int)json["chunks"]!["deduplicated"]!);
        using var get = await world.GetAsync(scope, "probed");
        byte[] expected = [.. own, .. known, .. elsewhere, .. own, .. fresh];
        Assert.Equal(expected, await get.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "D15")]
    public async Task A_chunk_of_another_length_or_at_an_index_that_is_taken_is_missing()
    {
        var random = Seeds.Create(output);
        var scope = await world.MakeScopeAsync();
        var full = random.Bytes(Chunk);
        var brief = random.Bytes(100);
        using var a = await world.PutAsync(scope, "full", full);
        using var b = await world.PutAsync(scope, "brief", brief);
        var id = await world.BeginAsync(scope, "p", (2 * Chunk) + 100);
        Assert.Equal("[0,2]", (await world.ProbeAsync(id, (0, brief), (1, full), (2, full)))["missing"]!.ToJsonString());
        var taken = await world.BeginAsync(scope, "q", 2 * Chunk);
        await world.PutPartsAsync(taken, random.Bytes(Chunk), [0]);
        Assert.Equal("[0]", (await world.ProbeAsync(taken, (0, full)))["missing"]!.ToJsonString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"chunks\": 1}")]
    [InlineData("{\"chunks\": [1]}")]
    [InlineData("{\"chunks\": [{\"index\": 5, \"sha256\": \"00\"}]}")]
    [InlineData("{\"chunks\": [{\"index\": -1, \"sha256\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]}")]
    [InlineData("{\"chunks\": [{\"index\": 2, \"sha256\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]}")]
    public async Task A_probe_against_its_rules_is_refused(string body)
    {
        var id = await world.BeginAsync("main", "bad-probe", 2 * Chunk);
        using var refused = await world.SendAsync(
            HttpMethod.Post, $"api/v1/uploads/{id}/probe", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal("chunks", (string?)(await HttpWorld.JsonOf(refused, 400, "invalid-request"))["field"]);
    }

    [Fact, Trait("Behaviour", "S11")]
    public async Task Uploads_of_others_do_not_exist()
    {
        var scope = await world.MakeScopeAsync();
        var mine = await world.MakeScopeAsync();
        var id = await world.BeginAsync(scope, "foreign", Chunk);
        using var limited = await world.ClientWithAsync(["read", "write"], mine);
        using var reader = await world.ClientWithAsync(["read"]);
        foreach (var (method, url) in new[]
        {
            (HttpMethod.Get, $"api/v1/uploads/{id}"),
            (HttpMethod.Delete, $"api/v1/uploads/{id}"),
            (HttpMethod.Put, $"api/v1/uploads/{id}/chunks/0"),
            (HttpMethod.Post, $"api/v1/uploads/{id}/complete"),
            (HttpMethod.Post, $"api/v1/uploads/{id}/probe"),
            (HttpMethod.Get, $"api/v1/scopes/{scope}/uploads"),
        })
        {
            using var foreign = await limited.SendAsync(new HttpRequestMessage(method, url) { Content = new ByteArrayContent(new byte[Chunk]) });
            await HttpWorld.JsonOf(foreign, 404, "not-found");
            using var forbidden = await reader.SendAsync(new HttpRequestMessage(method, url));
            await HttpWorld.JsonOf(forbidden, 403, "forbidden");
            using var anonymous = await world.Host.AnonymousClient().SendAsync(new HttpRequestMessage(method, url));
            await HttpWorld.JsonOf(anonymous, 401, "unauthenticated");
        }

        foreach (var unknown in new[] { Guid.NewGuid().ToString("n"), "x", id.ToUpperInvariant() + "0" })
        {
            using var missing = await world.SendAsync(HttpMethod.Get, $"api/v1/uploads/{unknown}");
            await HttpWorld.JsonOf(missing, 404, "not-found");
        }
    }

    [Fact]
    public async Task Open_uploads_of_a_scope_are_listed_in_pages_and_ended_ones_are_not()
    {
        var scope = await world.MakeScopeAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add(await world.BeginAsync(scope, $"listed/{i}", Chunk));
        using var abort = await world.SendAsync(HttpMethod.Delete, $"api/v1/uploads/{ids[2]}");
        Assert.Equal(HttpStatusCode.NoContent, abort.StatusCode);
        await world.PutPartsAsync(ids[3], new byte[Chunk], [0]);
        using var complete = await world.CompleteAsync(ids[3]);
        await HttpWorld.JsonOf(complete, 201);

        var found = new List<string>();
        for (string? after = ""; after is not null;)
        {
            using var answer = await world.SendAsync(HttpMethod.Get, $"api/v1/scopes/{scope}/uploads?limit=2{(after.Length > 0 ? "&after=" + after : "")}");
            var page = await HttpWorld.JsonOf(answer, 200);
            found.AddRange(page["items"]!.AsArray().Select(item => (string)item!["id"]!));
            after = (string?)page["next"];
        }

        Assert.Equal(ids.Where((_, i) => i is not (2 or 3)), found);
    }
}

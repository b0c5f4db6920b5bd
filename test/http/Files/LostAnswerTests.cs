using System.Net;
using Granary.Catalog;
using Granary.TestSupport;

namespace Granary.Http.Tests.Files;

/// <summary>
/// A change was committed, and its grain's answer is lost: a call that times out may have taken effect. The server asks
/// again, and must do nothing twice and call nothing missing that it has just removed (G3).
/// </summary>
public sealed class LostAnswerTests(HttpWorld world) : IClassFixture<HttpWorld>
{
    [Fact]
    public async Task A_put_whose_commit_was_not_answered_makes_one_version()
    {
        var scope = await world.MakeScopeAsync();
        using (Lost())
            Assert.Equal(1, (long)(await HttpWorld.JsonOf(await world.PutAsync(scope, "f", [1]), 201))["version"]!);
        await HeadIsAsync(scope, 1);
    }

    [Fact]
    public async Task A_delete_whose_commit_was_not_answered_is_done_once()
    {
        var scope = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", [1]), 201);
        using (Lost())
        {
            using var deleted = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "f"));
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        await HeadIsAsync(scope, 2);
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("move")]
    public async Task A_copy_or_move_whose_commit_was_not_answered_is_done_once(string verb)
    {
        var scope = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", [1]), 201);
        using (Lost())
            Assert.Equal(1, (long)(await HttpWorld.JsonOf(await world.PostAsync($"api/v1/scopes/{scope}/files:{verb}", new { from = "f", to = "g" }), 201))["version"]!);
        await HeadIsAsync(scope, 2);
    }

    [Fact]
    public async Task A_restore_whose_commit_was_not_answered_is_done_once()
    {
        var scope = await world.MakeScopeAsync(new() { KeepVersions = 3 });
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", [1]), 201);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", [2]), 200);
        using (Lost())
            Assert.Equal(3, (long)(await HttpWorld.JsonOf(await world.PostAsync($"api/v1/scopes/{scope}/files:restore", new { path = "f", version = 1 }), 201))["version"]!);
        await HeadIsAsync(scope, 3);
    }

    private static FaultPoints Lost() => FaultPoints.ThrowOnce("commit.after", new TimeoutException("The answer is lost."));

    private async Task HeadIsAsync(string scope, long sequence) =>
        Assert.Equal(sequence, await world.Service<NamespaceCatalog>().GetHeadAsync(world.ScopeOf(scope), default));
}

using System.Text.Json.Nodes;

namespace Granary.Changes.Tests.Sockets;

/// <summary>Following several scopes over one WebSocket.</summary>
public sealed class ManyScopesTests(ChangesWorld world) : IClassFixture<ChangesWorld>
{
    [Fact, Trait("Behaviour", "S17")]
    public async Task Scopes_are_followed_and_left_over_one_socket()
    {
        var (left, right) = (await world.MakeScopeAsync(), await world.MakeScopeAsync());
        await world.PutManyAsync(left, "f", 3);
        await using var client = await world.ConnectAsync("/api/v1/changes");
        await client.NextAsync("connected");
        await client.SendAsync($$"""{"type":"subscribe","scope":"{{left}}","since":1}""");
        Assert.Equal(3, (long)(await client.NextAsync("subscribed"))["sequence"]!);
        Assert.Equal([2L, 3L], await client.SequencesAsync(2));
        await client.SendAsync($$"""{"type":"subscribe","scope":"{{right}}","prefix":"p/"}""");
        Assert.Equal(right, (string?)(await client.NextAsync("subscribed"))["scope"]);
        await world.PutAsync(right, "q/no");
        await world.PutAsync(right, "p/yes");
        Assert.Equal((right, "p/yes"), Of(await client.NextAsync("change")));
        await client.SendAsync($$"""{"type":"unsubscribe","scope":"{{left}}"}""");
        await client.NextAsync("unsubscribed");
        await world.PutAsync(left, "unseen");
        await world.PutAsync(right, "p/seen");
        Assert.Equal((right, "p/seen"), Of(await client.NextAsync("change")));
    }

    [Fact, Trait("Behaviour", "S17")]
    public async Task A_wrong_subscription_is_an_error_and_the_socket_goes_on()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 4);
        await world.CutLogAsync(scope, 2);
        await using var client = await world.ConnectAsync("/api/v1/changes");
        await client.NextAsync("connected");
        (string Frame, string Code)[] cases =
        [
            ("""{"type":"subscribe","scope":"none"}""", "not-found"),
            ("""{"type":"subscribe"}""", "invalid-request"),
            ("""{"type":"nonsense"}""", "invalid-request"),
            ($$"""{"type":"subscribe","scope":"{{scope}}","since":-1}""", "invalid-request"),
            ($$"""{"type":"subscribe","scope":"{{scope}}","since":9}""", "invalid-request"),
            ($$"""{"type":"subscribe","scope":"{{scope}}","since":1}""", "expired"),
        ];
        foreach (var (frame, code) in cases)
        {
            await client.SendAsync(frame);
            var error = await client.NextAsync("error");
            Assert.Equal((frame, code), (frame, (string?)error["code"]));
            Assert.False(string.IsNullOrEmpty((string?)error["detail"]));
        }

        await client.SendAsync($$"""{"type":"subscribe","scope":"{{scope}}","since":2}""");
        await client.NextAsync("subscribed");
        Assert.Equal([3L, 4L], await client.SequencesAsync(2));
        await client.SendAsync($$"""{"type":"subscribe","scope":"{{scope}}"}""");
        Assert.Equal("conflict", (string?)(await client.NextAsync("error"))["code"]);
        await client.SendAsync("""{"type":"pong"}""");
        using (var delete = await world.Client.DeleteAsync($"api/v1/scopes/{scope}?force=true"))
            delete.EnsureSuccessStatusCode();
        Assert.Equal("not-found", (string?)(await client.NextAsync("error"))["code"]);
    }

    private static (string?, string?) Of(JsonNode frame) => ((string?)frame["scope"], (string?)frame["change"]!["path"]);
}

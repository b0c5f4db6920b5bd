using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Granary.TestSupport;

namespace Granary.Changes.Tests.Sockets;

/// <summary>Following one scope over a WebSocket.</summary>
public sealed class SocketTests(ChangesWorld world) : IClassFixture<ChangesWorld>
{
    [Fact, Trait("Behaviour", "S15"), Trait("Behaviour", "S17"), Trait("Behaviour", "G11")]
    public async Task The_log_is_replayed_from_the_cursor_and_then_followed()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "before", 700);
        await using var client = await world.FollowAsync(scope, "?since=100");
        Assert.Equal("granary.changes.v1", client.Socket.SubProtocol);
        var connected = await client.NextAsync("connected");
        Assert.Equal((scope, 700L), ((string?)connected["scope"], (long)connected["sequence"]!));
        var writing = world.PutManyAsync(scope, "during", 300);
        Assert.Equal(Enumerable.Range(101, 900).Select(i => (long)i), await client.SequencesAsync(900));
        await writing;
        await world.PutAsync(scope, "übung", "abc");
        var frame = await client.NextAsync("change");
        var change = frame["change"]!;
        Assert.Equal((scope, 1001L, "created", "übung", 1L, 3L, "operator"), (
            (string?)frame["scope"], (long)change["sequence"]!, (string?)change["type"], (string?)change["path"], (long)change["version"]!, (long)change["size"]!, (string?)change["by"]));
    }

    [Fact, Trait("Behaviour", "S13"), Trait("Behaviour", "S17")]
    public async Task Without_a_cursor_it_begins_now()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "before", 5);
        await using var client = await world.FollowAsync(scope);
        Assert.Equal(5, (long)(await client.NextAsync("connected"))["sequence"]!);
        await world.PutAsync(scope, "after");
        Assert.Equal(6, (long)(await client.ChangeAsync())["sequence"]!);
    }

    [Fact, Trait("Behaviour", "S15"), Trait("Behaviour", "G11")]
    public async Task A_socket_that_is_dropped_resumes_with_its_cursor_without_gap_or_duplicate()
    {
        var scope = await world.MakeScopeAsync();
        const int Count = 600;
        var writing = world.PutManyAsync(scope, "f", Count);
        var seen = new List<long> { 0 };
        while (seen[^1] < Count)
        {
            await using var client = await world.FollowAsync(scope, $"?since={seen[^1]}");
            await client.NextAsync("connected");
            for (var i = 0; i < 97 && seen[^1] < Count; i++)
                seen.Add((long)(await client.ChangeAsync())["sequence"]!);
        }

        await writing;
        Assert.Equal(Enumerable.Range(0, Count + 1).Select(i => (long)i), seen);
    }

    [Fact, Trait("Behaviour", "S16")]
    public async Task The_credential_comes_in_the_header_or_in_the_address()
    {
        var scope = await world.MakeScopeAsync();
        var key = await world.MakeKeyAsync("read", null, scope);
        foreach (var inQuery in new[] { false, true })
        {
            await using var client = await world.ConnectAsync($"/api/v1/scopes/{scope}/changes?since=0", key.Secret, inQuery);
            await client.NextAsync("connected");
        }
    }

    [Fact, Trait("Behaviour", "S16")]
    public async Task Refusals_are_told_by_the_code_of_a_close_frame()
    {
        var scope = await world.MakeScopeAsync();
        var other = await world.MakeScopeAsync();
        await world.PutManyAsync(scope, "f", 10);
        await world.CutLogAsync(scope, 5);
        var writer = (await world.MakeKeyAsync("write")).Secret;
        var limited = (await world.MakeKeyAsync("read", null, other)).Secret;
        (string Target, string? Key, int Code)[] cases =
        [
            ($"/api/v1/scopes/{scope}/changes", null, 4401),
            ($"/api/v1/scopes/{scope}/changes", "gk_0000000000000000_wrong", 4401),
            ("/api/v1/changes", "wrong", 4401),
            ($"/api/v1/scopes/{scope}/changes", writer, 4403),
            ("/api/v1/scopes/none/changes", "", 4404),
            ($"/api/v1/scopes/{scope}/changes", limited, 4404),
            ($"/api/v1/scopes/{scope}/changes?since=4", "", 4410),
            ($"/api/v1/scopes/{scope}/changes?since=11", "", 4400),
        ];
        foreach (var (target, key, code) in cases)
        {
            foreach (var inQuery in new[] { false, true })
            {
                await using var client = await world.ConnectAsync(target, key == "" ? world.Host.OperatorKey : key, inQuery);
                Assert.Equal((target, code), (target, await client.ClosedAsync()));
            }
        }
    }

    [Fact, Trait("Behaviour", "S17")]
    public async Task A_prefix_leaves_others_out_and_pings_carry_the_cursor_past_them()
    {
        world.Options.Ping = TimeSpan.FromSeconds(1);
        try
        {
            var scope = await world.MakeScopeAsync();
            await using var client = await world.FollowAsync(scope, "?since=0&prefix=in%2F");
            await client.NextAsync("connected");
            foreach (var path in new[] { "out/1", "in/1", "out/2", "in/2", "out/3" })
                await world.PutAsync(scope, path);
            Assert.Equal([2L, 4L], await client.SequencesAsync(2));
            JsonNode ping;
            do
                ping = await client.NextAsync("ping");
            while ((long)ping["sequence"]! < 5);
            Assert.Equal(5, (long)ping["sequence"]!);
        }
        finally
        {
            world.Options.Ping = TimeSpan.FromSeconds(30);
        }
    }

    [Fact, Trait("Behaviour", "S16")]
    public async Task A_key_that_is_deleted_or_expires_ends_its_sockets()
    {
        var scope = await world.MakeScopeAsync();
        var deleted = await world.MakeKeyAsync("read");
        var expiring = await world.MakeKeyAsync("read", TimeProvider.System.GetUtcNow().AddSeconds(3));
        await using var first = await world.ConnectAsync($"/api/v1/scopes/{scope}/changes", deleted.Secret);
        await using var second = await world.ConnectAsync($"/api/v1/scopes/{scope}/changes", expiring.Secret);
        await using var third = await world.FollowAsync(scope);
        foreach (var client in new[] { first, second, third })
            await client.NextAsync("connected");
        using (var delete = await world.Client.DeleteAsync($"api/v1/api-keys/{deleted.Id}"))
            delete.EnsureSuccessStatusCode();
        Assert.Equal(4401, await first.ClosedAsync());
        Assert.Equal(4401, await second.ClosedAsync());
        await world.PutAsync(scope, "f");
        Assert.Equal([1L], await third.SequencesAsync(1));
    }

    [Fact]
    public async Task A_scope_that_is_deleted_ends_its_sockets()
    {
        var scope = await world.MakeScopeAsync();
        await using var client = await world.FollowAsync(scope);
        await client.NextAsync("connected");
        using (var delete = await world.Client.DeleteAsync($"api/v1/scopes/{scope}"))
            delete.EnsureSuccessStatusCode();
        Assert.Equal(4404, await client.ClosedAsync());
    }

    [Fact]
    public async Task What_no_client_should_send_ends_the_socket()
    {
        var scope = await world.MakeScopeAsync();
        async Task<int> SendAsync(string target, Func<ClientWebSocket, Task> send)
        {
            await using var client = await world.ConnectAsync(target);
            await client.NextAsync("connected");
            await send(client.Socket);
            return await client.ClosedAsync();
        }

        var one = $"/api/v1/scopes/{scope}/changes";
        var large = new byte[100_000];
        Array.Fill(large, (byte)'x');
        Assert.Equal(1009, await SendAsync(one, s => s.SendAsync(large, WebSocketMessageType.Text, true, default)));
        Assert.Equal(1003, await SendAsync(one, s => s.SendAsync(large.AsMemory(0, 10), WebSocketMessageType.Binary, true, default).AsTask()));
        Assert.Equal(1007, await SendAsync("/api/v1/changes", s => s.SendAsync(large.AsMemory(0, 10), WebSocketMessageType.Text, true, default).AsTask()));
        Assert.Equal(1007, await SendAsync("/api/v1/changes", s => s.SendAsync("[]"u8.ToArray(), WebSocketMessageType.Text, true, default)));
        Assert.Equal(1007, await SendAsync(one, s => s.SendAsync(new byte[] { 0xff, 0xfe }, WebSocketMessageType.Text, true, default)));
        Assert.Equal(1008, await SendAsync(one, async s =>
        {
            for (var i = 0; i < 500; i++)
                await s.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Text, true, default);
        }));
    }

    [Fact, Trait("Behaviour", "G11")]
    public async Task A_socket_that_never_reads_is_closed_and_can_resume()
    {
        world.Options.SlowReader = TimeSpan.FromSeconds(2);
        try
        {
            var scope = await world.MakeScopeAsync();
            var name = new string('n', 900);
            await world.PutManyAsync(scope, name, 3000);
            await using var slow = await world.FollowAsync(scope, "?since=0");
            await Task.Delay(4500);
            var seen = new List<long>();
            while (await slow.NextAsync() is { } frame)
            {
                if ((string?)frame["type"] == "change")
                    seen.Add((long)frame["change"]!["sequence"]!);
            }

            Assert.Equal(4408, (int?)slow.Socket.CloseStatus);
            Assert.InRange(seen.Count, 1, 2999);
            Assert.Equal(Enumerable.Range(1, seen.Count).Select(i => (long)i), seen);
            await using var again = await world.FollowAsync(scope, $"?since={seen[^1]}");
            await again.NextAsync("connected");
            Assert.Equal(Enumerable.Range(seen.Count + 1, 3000 - seen.Count).Select(i => (long)i), await again.SequencesAsync(3000 - seen.Count));
        }
        finally
        {
            world.Options.SlowReader = TimeSpan.FromSeconds(30);
        }
    }

    [Fact, Trait("Behaviour", "S20")]
    public async Task Open_sockets_and_the_lag_are_metrics()
    {
        var scope = await world.MakeScopeAsync();
        await using var client = await world.FollowAsync(scope);
        await client.NextAsync("connected");
        var text = await world.Client.GetStringAsync("metrics");
        var open = text.Split('\n').Single(l => l.StartsWith("granary_websocket_connections", StringComparison.Ordinal));
        Assert.InRange(double.Parse(open.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture), 1, 100);
        Assert.Contains("granary_changes_cursor_lag", text, StringComparison.Ordinal);
        await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        Assert.Equal(WebSocketState.Closed, client.Socket.State);
    }

    [Fact]
    public async Task A_handshake_that_is_not_one_is_answered_as_http()
    {
        var scope = await world.MakeScopeAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/scopes/{scope}/changes");
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "8");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
        using var answer = await world.Client.SendAsync(request).WithinAsync("it is answered");
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Equal("13", answer.Headers.GetValues("Sec-WebSocket-Version").Single());
    }

    [Fact]
    public async Task A_stop_is_told_and_does_not_wait_for_sockets_at_rest()
    {
        await using var host = await TestHost.GranaryHost.StartAsync();
        await using var client = await ChangeClient.ConnectAsync(host.Url, "/api/v1/scopes/main/changes", host.OperatorKey, inQuery: false);
        await client.NextAsync("connected");
        var closed = client.ClosedAsync();
        await host.StopAsync().WithinAsync("the silo stopped", TimeSpan.FromSeconds(15));
        Assert.Equal(1001, await closed);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Granary.Catalog;
using Granary.Grains.Webhooks;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.AspNetCore.Http;

namespace Granary.Changes.Tests.Webhooks;

/// <summary>Changes that are sent to a target over HTTP.</summary>
public sealed class WebhookTests(ChangesWorld world) : IClassFixture<ChangesWorld>, IAsyncLifetime
{
    private Receiver _target = null!;

    public async Task InitializeAsync() => _target = await Receiver.StartAsync();

    public async Task DisposeAsync() => await _target.DisposeAsync();

    [Fact, Trait("Behaviour", "S21")]
    public async Task Changes_are_sent_signed_and_in_the_order_of_the_log()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutAsync(scope, "before");
        var (_, made) = await MakeAsync(scope);
        var secret = (string)made["secret"]!;
        await world.PutManyAsync(scope, "f", 250);
        await Eventually.BecomesAsync(() => _target.Requests.Sum(r => r.Sequences.Length) >= 250, "every change was sent");
        Assert.Equal(Enumerable.Range(2, 250).Select(i => (long)i), _target.Requests.SelectMany(r => r.Sequences));
        Assert.Equal(_target.Requests.Count, _target.Requests.Select(r => r.Delivery).Distinct().Count());
        foreach (var request in _target.Requests)
        {
            var parts = request.Headers["Granary-Signature"].Split(',').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
            var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["t"]));
            Assert.InRange(TimeProvider.System.GetUtcNow() - sent, TimeSpan.Zero, TimeSpan.FromMinutes(1));
            var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{parts["t"]}.{request.Body}"));
            Assert.Equal(Convert.ToHexStringLower(expected), parts["v1"]);
            Assert.Equal(scope, (string?)request.Json["scope"]);
        }

        var page = (await world.GetAsync($"api/v1/scopes/{scope}/changes?since=1"))["items"]!.AsArray();
        Assert.Equal(page.Select(Text), _target.Requests.SelectMany(r => r.Json["changes"]!.AsArray()).Select(Text));

        static string Text(JsonNode? change) => change!.ToJsonString();
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task A_refused_delivery_is_tried_again_under_its_id_before_anything_newer_is_sent()
    {
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope);
        _target.Answer = static c => Status(c, 500);
        var before = TimeProvider.System.GetUtcNow();
        await world.PutAsync(scope, "first");
        var delivery = await WaitForAsync(scope, id, d => (int)d["attempts"]! == 1);
        var after = TimeProvider.System.GetUtcNow();
        Assert.Equal(("waiting", 500), ((string?)delivery["state"], (int)delivery["status"]!));
        await world.PutAsync(scope, "second");
        var webhook = await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}");
        Assert.InRange(DateTimeOffset.Parse((string)webhook["nextAttempt"]!), before.AddSeconds(15), after.AddSeconds(30));
        Assert.Equal(1, (long)webhook["waiting"]!);

        _target.Answer = static _ => Task.CompletedTask;
        await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries/{delivery["id"]}/redeliver", 202);
        await Eventually.BecomesAsync(() => _target.Requests.Count == 3, "both were sent");
        var seen = _target.Requests.ToArray();
        Assert.Equal(seen[0].Delivery, seen[1].Delivery);
        Assert.Equal([1L, 1, 2], seen.SelectMany(r => r.Sequences));
    }

    [Fact, Trait("Behaviour", "S21")]
    public void Retries_come_after_the_times_that_are_promised_and_then_end()
    {
        Assert.Equal(
            [30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600],
            Enumerable.Range(1, 7).Select(n => (int)WebhookRetries.After(n)!.Value.TotalSeconds));
        Assert.Null(WebhookRetries.After(8));
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task A_webhook_is_paused_when_its_attempts_are_used_up_and_resumes_where_it_was()
    {
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope);
        _target.Answer = static c => Status(c, 503);
        await world.PutAsync(scope, "first");
        var delivery = await WaitForAsync(scope, id, d => (int)d["attempts"]! == 1);
        for (var i = 2; i <= 8; i++)
        {
            var attempts = i;
            await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries/{delivery["id"]}/redeliver", 202);
            await WaitForAsync(scope, id, d => (int)d["attempts"]! == attempts);
        }

        var webhook = await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}");
        Assert.Equal("paused", (string?)webhook["state"]);
        Assert.Contains("503", (string?)webhook["reason"], StringComparison.Ordinal);
        await world.PutAsync(scope, "second");
        _target.Answer = static _ => Task.CompletedTask;
        await Task.Delay(500);
        Assert.Equal(8, _target.Requests.Count);
        Assert.Equal("active", (string?)(await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/resume", 200))!["state"]);
        await Eventually.BecomesAsync(() => _target.Requests.Count == 10, "what waited was sent");
        Assert.Equal([1L, 2], _target.Requests.Skip(8).SelectMany(r => r.Sequences));
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task More_than_a_thousand_changes_behind_a_failing_target_pause_it()
    {
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope);
        _target.Answer = static c => Status(c, 500);
        await world.PutAsync(scope, "first");
        var delivery = await WaitForAsync(scope, id, d => (int)d["attempts"]! == 1);
        await world.PutManyAsync(scope, "f", WebhookRetries.MaxQueued + 1);
        await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries/{delivery["id"]}/redeliver", 202);
        await WaitForAsync(scope, id, d => (int)d["attempts"]! == 2);
        var webhook = await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}");
        Assert.Equal("paused", (string?)webhook["state"]);
        Assert.Contains("1000", (string?)webhook["reason"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redirect", "redirects")]
    [InlineData("hang", "within")]
    [InlineData("endless", null)]
    public async Task A_target_that_misbehaves_takes_neither_long_nor_much(string how, string? error)
    {
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope);
        _target.Answer = async context =>
        {
            if (how == "redirect")
            {
                context.Response.Redirect(_target.Url + "/elsewhere");
            }
            else if (how == "hang")
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            else
            {
                var block = new byte[64 << 10];
                while (true)
                    await context.Response.Body.WriteAsync(block, context.RequestAborted);
            }
        };
        await world.PutAsync(scope, "f");
        var delivery = await WaitForAsync(scope, id, d => (int)d["attempts"]! == 1);
        Assert.Equal(error is null ? "delivered" : "waiting", (string?)delivery["state"]);
        if (error is not null)
            Assert.Contains(error, (string?)delivery["error"], StringComparison.Ordinal);
        Assert.Single(_target.Requests);
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task Only_addresses_that_are_public_or_allowed_are_sent_to()
    {
        var none = new WebhookTargets([]);
        string[] refused =
        [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fd00::1", "fe80::1",
            "::ffff:10.0.0.1", "64:ff9b::a00:1",
        ];
        Assert.All(refused, address => Assert.False(none.Allows(IPAddress.Parse(address)), address));
        Assert.All(["1.1.1.1", "93.184.216.34", "2606:4700::1111"], address => Assert.True(none.Allows(IPAddress.Parse(address)), address));
        await Assert.ThrowsAsync<HttpRequestException>(() => none.ConnectAsync(new DnsEndPoint("localhost", 80), default));

        // The host of this test allows 127.0.0.0/8 only; the other loopback address is not in it.
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope, _target.Url.Replace("127.0.0.1", "[::1]", StringComparison.Ordinal));
        await world.PutAsync(scope, "f");
        var delivery = await WaitForAsync(scope, id, d => (int)d["attempts"]! == 1);
        Assert.Contains("no public address", (string?)delivery["error"], StringComparison.Ordinal);
        Assert.Empty(_target.Requests);
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task A_prefix_chooses_and_a_delivered_one_is_sent_again_on_request()
    {
        var scope = await world.MakeScopeAsync();
        var (id, _) = await MakeAsync(scope, prefix: "in/");
        await world.PutAsync(scope, "out/1");
        await world.PutAsync(scope, "in/1");
        await world.PutAsync(scope, "out/2");
        await Eventually.BecomesAsync(() => _target.Requests.Count == 1, "the wanted one was sent");
        Assert.Equal([2L], _target.Requests.Single().Sequences);
        var delivery = await WaitForAsync(scope, id, d => (string?)d["state"] == "delivered");
        await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries/{delivery["id"]}/redeliver", 202);
        await Eventually.BecomesAsync(() => _target.Requests.Count == 2, "it was sent again");
        Assert.Single(_target.Requests.Select(r => (r.Delivery, r.Body)).Distinct());
        await PostAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries/{Guid.NewGuid():n}/redeliver", 404);
    }

    [Fact]
    public async Task Webhooks_are_made_changed_and_deleted_by_admins_and_show_no_secret()
    {
        var scope = await world.MakeScopeAsync();
        var other = await world.MakeScopeAsync();
        var (id, made) = await MakeAsync(scope, prefix: "a");
        Assert.StartsWith("whsec_", (string?)made["secret"]);
        var shown = await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}");
        Assert.Null(shown["secret"]);
        Assert.Equal(("a", "active"), ((string?)shown["prefix"], (string?)shown["state"]));
        await world.GetAsync($"api/v1/scopes/{other}/webhooks/{id}", 404);
        using (var patch = await world.Client.PatchAsJsonAsync($"api/v1/scopes/{scope}/webhooks/{id}", new { prefix = (string?)null, paused = true, url = "https://example.org/x" }))
            Assert.Equal(200, (int)patch.StatusCode);
        shown = (await world.GetAsync($"api/v1/scopes/{scope}/webhooks"))["items"]!.AsArray().Single()!;
        Assert.Equal((null, "paused", "https://example.org/x"), ((string?)shown["prefix"], (string?)shown["state"], (string?)shown["url"]));
        foreach (var url in new[] { "ftp://example.org", "nonsense", "http://user:secret@example.org/", "/path" })
            Assert.Equal("url", (string?)(await PostAsync($"api/v1/scopes/{scope}/webhooks", 400, new { url }))!["field"]);
        await PostAsync($"api/v1/scopes/{scope}/webhooks", 400, new { url = "https://example.org", secret = "short" });
        using var reader = world.Host.ClientWithKey((await world.MakeKeyAsync("read")).Secret);
        await world.GetAsync($"api/v1/scopes/{scope}/webhooks", 403, reader);
        using (var delete = await world.Client.DeleteAsync($"api/v1/scopes/{scope}/webhooks/{id}"))
            Assert.Equal(204, (int)delete.StatusCode);
        await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}", 404);
    }

    [Fact, Trait("Behaviour", "S21")]
    public async Task What_waits_is_sent_after_a_restart()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_WEBHOOK_PRIVATE"] = "127.0.0.1" } });
        // In short: the silo stops while the target thinks about it. In full: after it refused, with 30 s to wait.
        _target.Answer = Seeds.Soak ? static c => Status(c, 500) : static c => Task.Delay(Timeout.Infinite, c.RequestAborted);
        using (var made = await host.Client.PostAsJsonAsync("api/v1/scopes/main/webhooks", new { url = _target.Url }))
            made.EnsureSuccessStatusCode();
        using (var put = await host.Client.PutAsync("api/v1/scopes/main/files/f", new StringContent("x")))
            put.EnsureSuccessStatusCode();
        await Eventually.BecomesAsync(() => !_target.Requests.IsEmpty, "the first attempt was made");
        await host.StopAsync();
        Assert.Single(_target.Requests);
        _target.Answer = static _ => Task.CompletedTask;
        await host.RestartAsync();

        await Eventually.BecomesAsync(() => _target.Requests.Count == 2, "the second attempt was made", TimeSpan.FromSeconds(45));
        Assert.Single(_target.Requests.Select(r => r.Delivery).Distinct());
    }

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task<(string Id, JsonNode Made)> MakeAsync(string scope, string? url = null, string? prefix = null)
    {
        var made = (await PostAsync($"api/v1/scopes/{scope}/webhooks", 201, new { url = url ?? _target.Url, prefix }))!;
        return ((string)made["id"]!, made);
    }

    private async Task<JsonNode?> PostAsync(string url, int status, object? body = null)
    {
        using var answer = body is null ? await world.Client.PostAsync(url, null) : await world.Client.PostAsJsonAsync(url, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{url}: {(int)answer.StatusCode} instead of {status}: {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>The newest delivery, once it is as a test wants it.</summary>
    private async Task<JsonNode> WaitForAsync(string scope, string id, Func<JsonNode, bool> condition)
    {
        for (var i = 0; i < 400; i++)
        {
            var newest = (await world.GetAsync($"api/v1/scopes/{scope}/webhooks/{id}/deliveries"))["items"]!.AsArray().FirstOrDefault();
            if (newest is not null && condition(newest))
                return newest;
            await Task.Delay(50);
        }

        throw new TimeoutException("After 20 s the newest delivery was still not as expected.");
    }
}

using System.Text.Json.Nodes;
using Granary.ClientApi.Health;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Http.Tests.Health;

/// <summary>What a silo says of itself when it can and when it cannot serve.</summary>
public sealed class HealthTests
{
    [Fact, Trait("Behaviour", "O14"), Trait("Behaviour", "S19"), Trait("Behaviour", "A1")]
    public async Task Without_a_usable_store_the_silo_is_alive_not_ready_and_unhealthy_and_says_why()
    {
        await using var host = await GranaryHost.StartAsync();
        await AssertAsync(host, "ready", 200);
        await AssertAsync(host, "health/full", 200);
        Directory.Delete(Path.Combine(host.DataPath, "stores", "local"), recursive: true);
        await Eventually.BecomesAsync(() => StatusOf(host, "ready") == 503, "the silo is not ready", TimeSpan.FromSeconds(60));
        var ready = await AssertAsync(host, "ready", 503);
        Assert.Equal("No file store is usable.", (string?)ready["stores"]);
        var full = await AssertAsync(host, "health/full", 503);
        Assert.NotNull(full["store/local"]);
        Assert.Null(full["catalog"]);
        await AssertAsync(host, "health", 200);
    }

    [Fact, Trait("Behaviour", "A2")]
    public async Task A_silo_that_drains_is_alive_and_not_ready()
    {
        await using var host = await GranaryHost.StartAsync();
        host.Services.GetRequiredService<Readiness>().Close("The server is stopping.");
        Assert.Equal("The server is stopping.", (string?)(await AssertAsync(host, "ready", 503))["silo"]);
        await AssertAsync(host, "health", 200);
    }

    [Fact, Trait("Behaviour", "A1")]
    public async Task The_full_check_leaves_nothing_in_a_store_and_the_cheap_ones_touch_none()
    {
        await using var host = await GranaryHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await AssertAsync(host, "health", 200);
            await AssertAsync(host, "ready", 200);
        }

        Assert.False(Directory.Exists(Path.Combine(host.DataPath, "stores", "local", "chunks")));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AssertAsync(host, "health/full", 200)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(host.DataPath, "stores", "local", "chunks")));
    }

    private static int StatusOf(GranaryHost host, string what) =>
        (int)host.Client.GetAsync($"api/v1/{what}").GetAwaiter().GetResult().StatusCode;

    private static async Task<JsonObject> AssertAsync(GranaryHost host, string what, int status)
    {
        using var response = await host.Client.GetAsync($"api/v1/{what}");
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{what}: {status} expected, was {(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!["failures"]!.AsObject();
    }
}

using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>health --ready, which probes of containers run: one question, no key, and an exit code that tells.</summary>
[Collection(ServerGroup.Name)]
public sealed class HealthTests(ServerFixture server) : IAsyncLifetime
{
    private readonly Files folder = new();
    private FaultProxy proxy = null!;

    public Task InitializeAsync()
    {
        proxy = new FaultProxy(new Uri(File.ReadAllText(Path.Combine(server.Data, "url")).Trim()));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_takes_requests_is_ready_and_is_asked_for_nothing_else()
    {
        var ready = await AskAsync("--json");
        Assert.True(ready.Code == 0, ready.Error);
        Assert.True(Assert.Single(ready.Json).GetProperty("healthy").GetBoolean());
        var head = Assert.Single(proxy.Heads);
        Assert.Equal("GET /api/v1/ready HTTP/1.1", head[0]);
        Assert.DoesNotContain(head, static line => line.StartsWith("Authorization:", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_server_that_is_not_ready_is_said_with_its_reason_and_1_and_is_not_waited_for()
    {
        proxy.Rule = new ProxyRule(ProxyFault.Answer) { Status = 503, Body = """{"status":"not-ready","failures":{"silo":"The server is stopping."}}""" };
        var asked = await AskAsync();
        Assert.Equal(1, asked.Code);
        Assert.Contains("The server is stopping.", asked.Out, StringComparison.Ordinal);
        Assert.Contains("granary: the server is not healthy.", asked.Error, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Requests);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_said_with_4()
    {
        proxy.Rule = new ProxyRule(ProxyFault.Reset);
        var asked = await AskAsync();
        Assert.Equal(4, asked.Code);
        Assert.Contains("cannot be reached", asked.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("waiting for the server", asked.Error, StringComparison.Ordinal);
    }

    // Nothing is known of the server but its address.
    private Task<Granary.Result> AskAsync(params string[] options) =>
        new Granary(folder.At("nothing")).RunAsync(["health", "--ready", .. options, "--url", proxy.Endpoint.ToString()]);
}

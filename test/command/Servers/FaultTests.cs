using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>What the command does when the network between it and a real server misbehaves.</summary>
[Collection(ServerGroup.Name)]
public sealed class FaultTests(ServerFixture server) : IAsyncLifetime
{
    private const int Chunk = 4 << 20;

    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;
    private FaultProxy proxy = null!;
    private string scope = "";

    public async Task InitializeAsync()
    {
        proxy = new FaultProxy(new Uri(File.ReadAllText(Path.Combine(server.Data, "url")).Trim()));
        scope = await server.ScopeAsync();
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_flipped_bit_on_the_way_down_is_found_and_the_chunk_fetched_again()
    {
        var bytes = await StoredAsync((2 * Chunk) + 9);
        proxy.Rule = OnFile("GET", ProxyFault.FlipAnswer, Chunk + 100, times: 1);
        var result = await ThroughProxyAsync("get", $"{scope}:/x", folder.At("y"));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(bytes, File.ReadAllBytes(folder.At("y")));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData((2 * Chunk) + 9)]
    public async Task Bits_that_flip_every_time_end_with_1_and_leave_no_file(int length)
    {
        await StoredAsync(length);
        proxy.Rule = OnFile("GET", ProxyFault.FlipAnswer, 77);
        var result = await ThroughProxyAsync("get", $"{scope}:/x", folder.At("out/y"));
        Assert.Equal(1, result.Code);
        Assert.Contains("SHA-256", result.Error, StringComparison.Ordinal);
        Assert.Contains("granary explain", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.At("out")));
        var cat = await ThroughProxyAsync("cat", $"{scope}:/x");
        Assert.Equal((1, 0), (cat.Code, cat.Bytes.Length));
    }

    [Fact]
    public async Task A_download_that_breaks_off_goes_on_after_the_last_verified_chunk()
    {
        var bytes = await StoredAsync(3 * Chunk);
        proxy.Rule = OnFile("GET", ProxyFault.CutAnswer, (2 * Chunk) + 5, times: 1);
        var result = await ThroughProxyAsync("get", $"{scope}:/x", folder.At("y"));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(bytes, File.ReadAllBytes(folder.At("y")));
        // One look-up, one manifest, the attempt that broke off, and one that asked for the rest.
        Assert.Equal(4, proxy.Requests);
    }

    [Fact]
    public async Task A_lost_answer_to_a_put_is_asked_for_again_and_makes_one_version()
    {
        folder.Write("x", Trees.Noise(11, 50_000));
        proxy.Rule = OnFile("PUT", ProxyFault.LoseAnswer, 0, times: 1);
        var result = await ThroughProxyAsync("put", folder.At("x"), $"{scope}:/x", "--json");
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(1, Assert.Single(result.Json).GetProperty("version").GetInt64());
        Assert.Equal(1, Assert.Single((await granary.DoAsync("stat", $"{scope}:/x", "--json")).Json).GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_flipped_bit_on_the_way_up_is_noticed()
    {
        folder.Write("x", Trees.Noise(12, 50_000));
        proxy.Rule = OnFile("PUT", ProxyFault.FlipRequest, 20_000);
        var result = await ThroughProxyAsync("put", folder.At("x"), $"{scope}:/x");
        Assert.Equal(4, result.Code);
        Assert.Contains("Send it again", result.Error, StringComparison.Ordinal);
        proxy.Rule = null;
        var again = await ThroughProxyAsync("put", folder.At("x"), $"{scope}:/x", "--json");
        Assert.Equal("stored", Assert.Single(again.Json).GetProperty("status").GetString());
        Assert.Equal(File.ReadAllBytes(folder.At("x")), (await granary.DoAsync("cat", $"{scope}:/x")).Bytes);
    }

    [Fact]
    public async Task A_busy_server_is_waited_for()
    {
        folder.Write("x", "content");
        proxy.Rule = new ProxyRule(ProxyFault.Answer) { Status = 503, Times = 3 };
        var result = await ThroughProxyAsync("put", folder.At("x"), $"{scope}:/x");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("waiting for the server", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_not_the_servers_ends_with_4()
    {
        proxy.Rule = new ProxyRule(ProxyFault.Answer) { Status = 500, Body = "<html>no</html>" };
        var result = await ThroughProxyAsync("ls", $"{scope}:/");
        Assert.Equal(4, result.Code);
        Assert.Contains("http-500", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("html", result.Error, StringComparison.Ordinal);
        proxy.Rule = new ProxyRule(ProxyFault.Answer) { Status = 200, Body = "<html>hello</html>" };
        Assert.Equal(4, (await ThroughProxyAsync("ls", $"{scope}:/")).Code);
    }

    private async Task<byte[]> StoredAsync(int length)
    {
        var bytes = Trees.Noise(length, length);
        await granary.DoAsync("put", folder.Write("x", bytes), $"{scope}:/x");
        return bytes;
    }

    // Only the file's own bytes: its manifest and the listing have a query of their own.
    private ProxyRule OnFile(string method, ProxyFault fault, long at, int times = int.MaxValue) => new(fault)
    {
        Bytes = at,
        Times = times,
        Matches = (verb, target) => verb == method && target.Contains($"/{scope}/files/", StringComparison.Ordinal) && !target.Contains("manifest", StringComparison.Ordinal),
    };

    private Task<Granary.Result> ThroughProxyAsync(params string[] arguments) =>
        granary.RunAsync([.. arguments, "--url", proxy.Endpoint.ToString(), "--token", Path.Combine(server.Data, "operator.key")]);
}

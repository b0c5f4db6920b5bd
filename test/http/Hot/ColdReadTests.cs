using System.Net;
using Granary.ClientApi.Content;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Hot;

/// <summary>Many readers at one time of what is far away: a real S3 server, its requests counted by a proxy before it.</summary>
public sealed class ColdReadTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Readers = 50;

    [S3Fact, Trait("Behaviour", "G10"), Trait("Behaviour", "O10")]
    public async Task Fifty_readers_of_a_cold_chunk_cause_one_fetch_and_all_get_it()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        var scope = await world.ScopeOnS3Async(proxy.Endpoint);
        var content = Seeds.Create(output).Bytes(3_000_000);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "cold", content), 201);
        proxy.Heads.Clear();
        using var gate = new ManualResetEventSlim();
        proxy.Rule = Held(gate, new ProxyRule(ProxyFault.Reset) { Times = 0 });

        var reads = ReadAll(scope);
        await AllUnderWayAsync();
        gate.Set();
        foreach (var read in await Task.WhenAll(reads))
        {
            Assert.Equal(HttpStatusCode.OK, read.Status);
            Assert.True(content.AsSpan().SequenceEqual(read.Body));
        }

        Assert.Single(proxy.Heads, IsFetch);
        await Eventually.BecomesAsync(() => world.Service<CheckedChunks>().Bytes == 0, "what was read once is not kept");
    }

    [S3Fact, Trait("Behaviour", "G10"), Trait("Behaviour", "D12")]
    public async Task When_the_one_fetch_gives_wrong_bytes_no_reader_gets_any_of_them_and_nothing_is_kept()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        var scope = await world.ScopeOnS3Async(proxy.Endpoint);
        var content = Seeds.Create(output, 2).Bytes(3_000_000);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "cold", content), 201);
        proxy.Heads.Clear();
        using var gate = new ManualResetEventSlim();
        proxy.Rule = Held(gate, new ProxyRule(ProxyFault.FlipAnswer) { Bytes = 1_234_567 });

        var reads = ReadAll(scope);
        await AllUnderWayAsync();
        gate.Set();
        Assert.All(await Task.WhenAll(reads), read => Assert.Equal(HttpStatusCode.ServiceUnavailable, read.Status));
        Assert.Single(proxy.Heads, IsFetch);
        await Eventually.BecomesAsync(() => world.Service<CheckedChunks>().Bytes == 0, "nothing of it is kept");

        proxy.Rule = null;
        using var again = await world.GetAsync(scope, "cold");
        Assert.Equal(content, await again.Content.ReadAsByteArrayAsync());
    }

    private static ProxyRule Held(ManualResetEventSlim gate, ProxyRule then) => then with
    {
        Matches = (method, target) =>
        {
            var isFetch = method == "GET" && target.Contains("/chunks/", StringComparison.Ordinal);
            if (isFetch)
                gate.Wait(TimeSpan.FromSeconds(30));
            return isFetch;
        },
    };

    private static bool IsFetch(string[] head) =>
        head[0].StartsWith("GET ", StringComparison.Ordinal) && head[0].Contains("/chunks/", StringComparison.Ordinal);

    private async Task AllUnderWayAsync()
    {
        using var client = world.Host.AnonymousClient();
        await Eventually.BecomesAsync(
            () => client.GetStringAsync("metrics").GetAwaiter().GetResult().Contains($"granary_api_transfers{{direction=\"out\"}} {Readers}\n", StringComparison.Ordinal),
            "all readers wait for the chunk");
    }

    private List<Task<(HttpStatusCode Status, byte[] Body)>> ReadAll(string scope) =>
        [.. Enumerable.Range(0, Readers).Select(_ => Task.Run(async () =>
        {
            using var response = await world.GetAsync(scope, "cold");
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
        }))];
}

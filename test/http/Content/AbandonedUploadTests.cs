using Granary.Catalog;
using Granary.Stores;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Content;

/// <summary>Senders that break off in every phase of a PUT, hundreds of them: what they held is given back to the last byte.</summary>
public sealed class AbandonedUploadTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    private enum Phase
    {
        InTheHead,
        BeforeTheBody,
        InTheFirstChunk,
        BetweenChunks,
        InALaterChunk,
        BeforeTheLastByte,
        InAChunkedBody,
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    public async Task Hundreds_of_uploads_that_break_off_in_any_phase_leave_nothing()
    {
        var scope = await world.MakeScopeAsync();
        using (var kept = await world.PutAsync(scope, "kept", Seeds.Create(1).Bytes(Chunk + 5)))
            await HttpWorld.JsonOf(kept, 201);
        var before = await world.DescribeHoldingsAsync();

        var random = Seeds.Create(output);
        var plans = Enumerable.Range(0, Seeds.Times(210, 10_000)).Select(i => ((Phase)(i % 7), Number: i, Reset: random.Next(2) == 0, Salt: random.Next())).ToArray();
        await Parallel.ForEachAsync(plans, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (plan, _) => await BreakOffAsync(scope, plan.Item1, plan.Number, plan.Reset, plan.Salt));

        var pool = world.Service<ChunkBufferPool>();
        await Eventually.BecomesAsync(() => pool.InUseBytes == 0, "the buffers are back");
        await world.CollectUntilAsync(before);
        Assert.Empty(await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));
        Assert.Equal(1, (await world.Service<ScopeCatalog>().GetDetailsAsync(world.Tenant, world.ScopeOf(scope), default))!.Files);
    }

    private async Task BreakOffAsync(string scope, Phase phase, int number, bool reset, int salt)
    {
        using var raw = await RawHttp.ConnectAsync(world.Port);
        var length = phase is Phase.InTheFirstChunk or Phase.BeforeTheBody && number % 2 == 0 ? 50_000 : (2 * Chunk) + 1_000;
        var head = $"PUT /api/v1/scopes/{scope}/files/gone/{number} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\n";
        head += phase == Phase.InAChunkedBody ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {length}\r\n\r\n";
        if (phase == Phase.InTheHead)
        {
            await raw.WriteAsync(head[..^30]);
        }
        else
        {
            await raw.WriteAsync(head);
            var sent = phase switch
            {
                Phase.BeforeTheBody => 0,
                Phase.InTheFirstChunk => length / 3,
                Phase.BetweenChunks => Chunk,
                Phase.InALaterChunk or Phase.InAChunkedBody => Chunk + 100_000,
                _ => length - 1,
            };
            var bytes = Seeds.Create(salt).Bytes(sent);
            if (phase == Phase.InAChunkedBody)
                await raw.WriteAsync($"{length:x}\r\n");
            await raw.WriteAsync(bytes);
        }

        if (reset)
            raw.Reset();
        else
            raw.EndSending();
    }
}

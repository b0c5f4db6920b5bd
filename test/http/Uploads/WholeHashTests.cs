using System.Net;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Uploads;

/// <summary>The hash of a whole session whose parts did not come in order: what it reads back, and when.</summary>
public sealed class WholeHashTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 1 << 20;
    private const int Parts = 80;

    // Of those that come before the first one.
    private const int Early = 20;

    // Sixteen MiB and what is on its way may be left, and some more on a machine that is busy with other things.
    private const int MostLeft = 40;

    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(100);

    [S3Fact, Trait("Behaviour", "S4")]
    public async Task Whoever_sends_faster_than_late_parts_are_read_back_waits_for_it_while_sending_and_not_at_the_end()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        var scope = await world.ScopeOnS3Async(proxy.Endpoint);
        var content = Seeds.Create(output).Bytes(Parts * Chunk);
        var sha256 = Sessions.Hash(content);
        using var never = new ManualResetEventSlim();
        var reads = 0;
        proxy.Rule = new ProxyRule(ProxyFault.Reset)
        {
            Matches = (method, target) =>
            {
                if (method == "GET" && target.Contains("/chunks/", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref reads);
                    never.Wait(s_slow);
                }

                return false;
            },
        };
        var id = await world.BeginAsync(scope, new { path = "late", size = content.Length, chunkSize = Chunk, sha256 });
        await world.PutPartsAsync(id, content, Enumerable.Range(1, Early), Chunk);
        foreach (var index in Enumerable.Range(Early + 1, Parts - Early - 1).Prepend(0))
        {
            using var put = await world.PutPartAsync(id, index, Sessions.Part(content, index, Chunk));
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        }

        var before = Volatile.Read(ref reads);
        using var complete = await world.CompleteAsync(id);
        Assert.Equal(sha256, (string?)(await HttpWorld.JsonOf(complete, 201))["sha256"]);
        output.WriteLine($"{before} parts were read back while others came, {reads - before} at the end");
        Assert.InRange(reads - before, 0, MostLeft);
    }
}

using System.Diagnostics;
using Granary.GrainInterfaces;
using Granary.Grains.Chunks;
using Granary.Grains.Tests.Clusters;

namespace Granary.Grains.Tests.Chunks;

/// <summary>Single flight of writers, in a real silo.</summary>
public sealed class ChunkGrainTests(BareCluster cluster) : IClassFixture<BareCluster>
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly IChunkGrain _chunk = cluster.Grain<IChunkGrain>($"1/{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray())}");

    [Fact]
    [Trait("Behaviour", "D19")]
    public async Task Of_many_concurrent_writers_one_writes_and_the_others_look_again_when_it_has_released()
    {
        var first = NewUpload();
        Assert.Equal(WriteClaim.Writer, await _chunk.ClaimWriteAsync(first, None));
        var others = Enumerable.Range(0, 50).Select(_ => _chunk.ClaimWriteAsync(NewUpload(), None)).ToArray();
        await Task.Delay(100);
        Assert.DoesNotContain(others, other => other.IsCompleted);
        await _chunk.ReleaseWriteAsync(first, None);
        Assert.All(await Task.WhenAll(others), answer => Assert.Equal(WriteClaim.LookAgain, answer));
        Assert.Equal(WriteClaim.Writer, await _chunk.ClaimWriteAsync(NewUpload(), None));
    }

    [Fact]
    public async Task A_writer_that_never_releases_delays_nobody_beyond_the_bound_and_one_takes_over()
    {
        await _chunk.ClaimWriteAsync(NewUpload(), None);
        var clock = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _chunk.ClaimWriteAsync(NewUpload(), None)));
        Assert.InRange(clock.Elapsed, ChunkGrain.MaxWait - TimeSpan.FromMilliseconds(100), ChunkGrain.MaxWait * 4); // five, one after the other, would take five times as long
        Assert.Single(answers, WriteClaim.Writer);
    }

    [Fact]
    public async Task A_caller_that_gives_up_waits_no_longer_and_leaves_the_others_waiting()
    {
        var first = NewUpload();
        await _chunk.ClaimWriteAsync(first, None);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var impatient = _chunk.ClaimWriteAsync(NewUpload(), patience.Token);
        var patient = _chunk.ClaimWriteAsync(NewUpload(), None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(patient.IsCompleted);
        await _chunk.ReleaseWriteAsync(first, None);
        Assert.Equal(WriteClaim.LookAgain, await patient);
    }

    private static UploadId NewUpload() => new(Guid.NewGuid());
}

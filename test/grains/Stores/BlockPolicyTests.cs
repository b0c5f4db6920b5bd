using Granary.GrainInterfaces;
using Granary.Grains.Stores;

namespace Granary.Grains.Tests.Stores;

public sealed class BlockPolicyTests
{
    private const long MiB = 1L << 20;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(4 * MiB, 0, 64 * MiB)] // first grant
    [InlineData(4 * MiB, 64 * MiB, 128 * MiB)] // doubles
    [InlineData(4 * MiB, 512 * MiB, 1024 * MiB)]
    [InlineData(4 * MiB, 1024 * MiB, 1024 * MiB)] // stays at the largest
    [InlineData(100 * MiB, 0, 100 * MiB)] // never less than needed
    [InlineData(2048 * MiB, 1024 * MiB, 2048 * MiB)]
    public void A_busy_silos_blocks_double_up_to_the_largest(long needed, long previous, long expected) =>
        Assert.Equal(expected, BlockPolicy.Preferred(needed, previous, Soon));

    [Fact]
    public void A_silo_that_comes_back_late_starts_small_again()
    {
        Assert.Equal(64 * MiB, BlockPolicy.Preferred(MiB, 1024 * MiB, BlockPolicy.BusyWithin));
        Assert.Equal(1024 * MiB, BlockPolicy.Preferred(MiB, 1024 * MiB, BlockPolicy.BusyWithin - TimeSpan.FromTicks(1)));
    }

    [Theory]
    [InlineData(10, 100L, 100, 10, false)] // recalling frees exactly what is needed
    [InlineData(11, 100L, 100, 10, true)]
    [InlineData(1, 100L, 100, 0, true)]
    [InlineData(100, 100L, 0, 0, false)]
    [InlineData(1, null, 100, 0, false)] // no limit
    [InlineData(1, 50L, 100, 60, false)] // the limit was lowered below what is charged, blocks included
    [InlineData(11, 50L, 100, 60, true)]
    public void Only_what_cannot_fit_after_every_recall_is_hopeless(long needed, long? max, long charged, long unused, bool hopeless) =>
        Assert.Equal(hopeless, BlockPolicy.IsHopeless(needed, max, charged, unused));

    [Fact]
    public void Requests_of_one_silo_prefer_what_they_need_together_and_keep_their_own_need()
    {
        var one = new SiloEpoch(1);
        var two = new SiloEpoch(2);
        SpaceRequest[] group = [new(one, 10), new(two, 5), new(one, 20)];
        var requests = FileStoreGrain.Requests(group, (_, needed) => needed);
        Assert.Equal([(one, 10L, 30L), (two, 5L, 5L), (one, 20L, 30L)], requests.Select(request => (request.Epoch, request.Needed, request.Preferred)));
    }
}

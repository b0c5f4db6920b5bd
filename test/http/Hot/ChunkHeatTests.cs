using System.Security.Cryptography;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;
using Granary.TestSupport;

namespace Granary.Http.Tests.Hot;

/// <summary>When a chunk is read often.</summary>
public sealed class ChunkHeatTests
{
    private static readonly TenantId s_tenant = new(1);
    private readonly ManualTimeProvider _clock = new();

    [Fact, Trait("Behaviour", "G9")]
    public void A_chunk_is_hot_with_its_nth_read_and_then_counts_anew()
    {
        var heat = new ChunkHeat(4, TimeSpan.FromMinutes(10), _clock);
        for (var round = 0; round < 3; round++)
        {
            for (var read = 1; read <= 4; read++)
            {
                Assert.Equal(read == 4, heat.Note(s_tenant, Hash(1)));
                _clock.Advance(TimeSpan.FromSeconds(5));
            }
        }
    }

    [Fact, Trait("Behaviour", "G9")]
    public void Reads_that_are_far_apart_never_add_up_and_other_chunks_and_tenants_count_apart()
    {
        var heat = new ChunkHeat(3, TimeSpan.FromMinutes(10), _clock);
        for (var i = 0; i < 100; i++)
        {
            Assert.False(heat.Note(s_tenant, Hash(1)));
            _clock.Advance(TimeSpan.FromMinutes(15));
        }

        heat = new ChunkHeat(2, TimeSpan.FromMinutes(10), _clock);
        Assert.False(heat.Note(s_tenant, Hash(1)));
        Assert.False(heat.Note(s_tenant, Hash(2)));
        Assert.False(heat.Note(new TenantId(2), Hash(1)));
        Assert.True(heat.Note(s_tenant, Hash(1)));
    }

    [Fact]
    public void Memory_is_bounded_and_the_warmest_are_remembered()
    {
        var heat = new ChunkHeat(3, TimeSpan.FromMinutes(10), _clock);
        heat.Note(s_tenant, Hash(-1));
        heat.Note(s_tenant, Hash(-1));
        for (var i = 0; i < ChunkHeat.Capacity + 100; i++)
            heat.Note(s_tenant, Hash(i));
        Assert.InRange(heat.Count, 1, ChunkHeat.Capacity);
        Assert.True(heat.Note(s_tenant, Hash(-1)));
    }

    private static ChunkHash Hash(int number) => ChunkHash.From(SHA256.HashData(BitConverter.GetBytes(number)));
}

using System.Diagnostics.CodeAnalysis;
using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.Health;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;

namespace Granary.Http.Tests.Health;

/// <summary>The full check against stores that misbehave.</summary>
public sealed class FullHealthCheckTests(HttpWorld world) : IClassFixture<HttpWorld>
{
    [Fact, Trait("Behaviour", "A1")]
    public async Task A_store_that_gives_other_bytes_back_is_found()
    {
        var faulty = new FaultyChunkStore(new MemoryChunkStore("m"));
        var check = new FullHealthCheck(world.Service<CatalogDatabase>(), new OneStore(faulty), world.Service<ISiloContext>(), TimeProvider.System);
        Assert.Empty(await check.FindFailuresAsync(default));
        Assert.Equal(1, faulty.Calls(StoreVerbs.Read));
        faulty.Lie = (_, pieces) => pieces[0].Span[100] ^= 1;
        Assert.Equal("The store does not read back what was written.", (await check.FindFailuresAsync(default))["store/m"]);
        faulty.Lie = null;
        faulty.Fail(StoreVerbs.Put, ChunkStoreFault.Full);
        Assert.Equal(["store/m"], (await check.FindFailuresAsync(default)).Keys);
        Assert.Equal(faulty.Calls(StoreVerbs.Put) - 1, faulty.Calls(StoreVerbs.Delete)); // what was put is removed, also what was wrong
    }

    private sealed class OneStore(IChunkStore only) : IStoreDirectory
    {
        public IReadOnlyList<StoreStatus> Stores { get; } =
            [new(new StoreId(1), only.Traits.Name, StoreHealth.Online, null, null, TimeProvider.System.GetUtcNow())];

        public bool TryGet(StoreId id, [NotNullWhen(true)] out IChunkStore? store)
        {
            store = only;
            return true;
        }

        public bool TryGetMaintenance(StoreId id, [NotNullWhen(true)] out IChunkStore? store) => TryGet(id, out store);

        public bool IsUsable(StoreId id) => true;

        public void ReportFailure(StoreId id, Exception failure)
        {
        }
    }
}

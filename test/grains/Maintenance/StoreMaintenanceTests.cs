using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;
using Granary.Grains.Tests.Worlds;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Maintenance;

/// <summary>Deleting copies, and what dead silos left, over a real catalog and a real store.</summary>
public sealed class StoreMaintenanceTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private GrainWorld _world = null!;

    private IStoreMaintenanceGrain Grain => _world.Client.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(_world.Store));

    public async Task InitializeAsync() => _world = await GrainWorld.StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task What_a_killed_silo_was_writing_is_gone_one_round_after_its_next_start()
    {
        var writer = new Writer(_world);
        var content = Encoding.UTF8.GetBytes("half-way");
        var (_, bytesThere) = await writer.PlaceAsync("a", content);
        await writer.PutAsync(bytesThere, content);
        await writer.PlaceAsync("b", Encoding.UTF8.GetBytes("no bytes yet"));
        Assert.Equal(0, (await Grain.RunRoundAsync(None)).Done);
        Assert.Single(await _world.KeysAsync(_world.Store));

        await _world.Get<SiloCatalog>().RegisterAsync(_world.SiloName, None);
        while ((await _world.TenantMaintenance.RunRoundAsync(None)).Done > 0)
        {
        }

        await Grain.RunRoundAsync(None);
        Assert.Empty(await _world.KeysAsync(_world.Store));
        var space = await _world.Get<StoreCatalog>().GetSpaceAsync(_world.Store, None);
        Assert.Equal((0L, 0L), (space!.Charged, space.UnusedBlocks));
        var pending = await _world.Get<ReclaimCatalog>().WorkPendingAsync(None);
        Assert.Empty(pending.Stores);
        Assert.Empty(pending.Tenants);
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    public async Task In_a_store_that_others_may_still_write_a_dead_silos_space_waits_for_its_grace()
    {
        var shared = await _world.AddStoreAsync("shared", ofThisSilo: false);
        await _world.AttachAsync(shared, 200);
        var (_, placed) = await new Writer(_world).PlaceAsync("a", [1, 2, 3], shared);
        Assert.Equal(shared, placed.Store);
        await _world.Get<SiloCatalog>().RegisterAsync(_world.SiloName, None);
        await _world.Client.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(shared)).RunRoundAsync(None);
        var space = await _world.Get<StoreCatalog>().GetSpaceAsync(shared, None);
        Assert.True(space!.Charged >= 3);
        await _world.AssertInvariantsAsync();
    }

    [Theory]
    [InlineData(StoreVerbs.Delete)]
    [InlineData(StoreVerbs.Stat)]
    [Trait("Behaviour", "G14")]
    [Trait("Behaviour", "D17")]
    public async Task Space_is_given_back_only_after_the_store_said_that_the_key_is_absent(StoreVerbs failing)
    {
        _world.Directory.Faults(_world.Store).Fail(failing);
        await CondemnACopyAsync();
        await AssertNothingIsGivenBackAsync();
        _world.Directory.Faults(_world.Store).Heal();
        await AssertAllIsGivenBackAsync();
    }

    [Fact]
    [Trait("Behaviour", "G14")]
    public async Task A_store_that_is_offline_keeps_its_charge_until_it_is_back()
    {
        _world.Directory.SetOffline(_world.Store, true);
        await CondemnACopyAsync();
        await AssertNothingIsGivenBackAsync();
        _world.Directory.SetOffline(_world.Store, false);
        await AssertAllIsGivenBackAsync();
    }

    [Fact]
    public void Only_a_local_store_of_this_silo_needs_no_grace()
    {
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(now, StoreMaintenanceGrain.DeadBefore(Info("local", "a"), "a", severalSilos: false, now));
        Assert.Equal(now - TimeSpan.FromMinutes(1), StoreMaintenanceGrain.DeadBefore(Info("local", "a"), "a", severalSilos: true, now));
        Assert.Equal(now - TimeSpan.FromMinutes(20), StoreMaintenanceGrain.DeadBefore(Info("local", "b"), "a", severalSilos: false, now));
        Assert.Equal(now - TimeSpan.FromMinutes(20), StoreMaintenanceGrain.DeadBefore(Info("local", null), "a", severalSilos: false, now));
        Assert.Equal(now - TimeSpan.FromMinutes(20), StoreMaintenanceGrain.DeadBefore(Info("s3", null), "a", severalSilos: false, now));
        Assert.Equal(now - TimeSpan.FromMinutes(1), StoreMaintenanceGrain.FailedBefore(Info("local", "a"), "a", now));
        Assert.Equal(now - TimeSpan.FromMinutes(20), StoreMaintenanceGrain.FailedBefore(Info("s3", null), "a", now));
    }

    private static StoreInfo Info(string backend, string? silo) => new()
    {
        Id = new StoreId(1),
        Name = "s",
        Backend = backend,
        Configuration = "{}",
        Silo = silo,
        Settings = new FileStoreSettings(),
        Created = default,
    };

    private async Task AssertNothingIsGivenBackAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var round = await Grain.RunRoundAsync(None);
            Assert.Equal(0, round.Bytes);
            Assert.True(round.Failed > 0);
        }

        // Charged: the copy, and the block that still belongs to the dead life.
        Assert.NotEqual(0, (await _world.Get<StoreCatalog>().GetSpaceAsync(_world.Store, None))!.Charged);
        await _world.AssertInvariantsAsync();
    }

    private async Task AssertAllIsGivenBackAsync()
    {
        await Grain.RunRoundAsync(None);
        Assert.Empty(await _world.KeysAsync(_world.Store));
        Assert.Equal(0, (await _world.Get<StoreCatalog>().GetSpaceAsync(_world.Store, None))!.Charged);
        await _world.AssertInvariantsAsync();
    }

    // A copy of seven bytes whose writer's silo died and was replaced. Its background work has been woken by then.
    private async Task CondemnACopyAsync()
    {
        var writer = new Writer(_world);
        var content = Encoding.UTF8.GetBytes("7 bytes");
        var (_, placed) = await writer.PlaceAsync("a", content);
        if (_world.Directory.TryGet(_world.Store, out _))
        {
            await writer.PutAsync(placed, content);
        }

        await _world.Get<SiloCatalog>().RegisterAsync(_world.SiloName, None);
        while ((await _world.TenantMaintenance.RunRoundAsync(None)).Done > 0)
        {
        }
    }
}

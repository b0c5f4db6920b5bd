using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Policies;

/// <summary>Policies over stores that lie, fill up, go offline and fail.</summary>
public sealed class PolicyFaultTests(PolicyFixture fixture) : PolicyCase(fixture)
{
    [Fact]
    [Trait("Behaviour", "G6")]
    [Trait("Behaviour", "O8")]
    [Trait("Behaviour", "O5")]
    public async Task A_target_that_gives_back_other_bytes_costs_no_source_and_is_an_error()
    {
        Host.Directory.Faults(B).Lie = static (_, pieces) => pieces[0].Span[0] ^= 1;
        await DrainAsync();
        var run = await RunDrainAsync();
        Assert.Equal(Enumerable.Repeat("target-corrupt", 6), run.Errors);
        Assert.Equal(6, (await World.StoredAsync(A, Scope.Tenant)).Count);
        Assert.Empty(await World.StoredAsync(B, Scope.Tenant));

        Host.Directory.Faults(B).Heal();
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    public async Task A_damaged_source_is_told_and_the_rest_is_moved()
    {
        var bad = Scope.Files["f2"];
        Host.Directory.Faults(A).Lie = (key, pieces) => pieces[0].Span[0] ^= key.Hash == bad ? (byte)1 : (byte)0;
        await DrainAsync();
        var run = await RunDrainAsync();
        Assert.Equal(["source-corrupt"], run.Errors);
        Assert.Equal([bad], await World.StoredAsync(A, Scope.Tenant));
        Assert.Equal(bad, Assert.Single(await World.Get<RepairCatalog>().NextDueAsync(A, 10, default)).Chunk);
        Host.Directory.Faults(A).Heal();
        Assert.Equal(1, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "G16")]
    public async Task A_copy_is_not_let_go_for_one_that_is_known_to_be_damaged()
    {
        await DrainAsync();
        await World.RunAsync(MaintenanceTaskKind.Drain, Scope, A, keepSource: true);
        var hash = Scope.Files["f1"];
        var there = (await World.Get<NamespaceCatalog>().GetCopiesAsync(Scope.Tenant, hash, default)).Single(copy => copy.Store == B);
        await World.Get<RepairCatalog>().ReportAsync([new DamagedCopy(Scope.Tenant, B, there.Location, hash)], default);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        Assert.Contains(hash, await World.StoredAsync(A, Scope.Tenant));
    }

    [Fact]
    [Trait("Behaviour", "D42")]
    public async Task A_target_that_fills_up_midway_takes_what_it_can_and_the_source_keeps_the_rest()
    {
        await DrainAsync();
        var faults = Host.Directory.Faults(B);
        var run = await World.RunAsync(MaintenanceTaskKind.Drain, Scope, A, parallel: 1, between: null);
        Assert.Equal(6, run.Chunks);
        for (var i = 6; i < 12; i++)
        {
            await World.WriteAsync(Scope, $"f{i}", A);
        }

        faults.Fail(StoreVerbs.Put, ChunkStoreFault.Full, times: 4);
        run = await World.RunAsync(MaintenanceTaskKind.Drain, Scope, A, parallel: 1);
        Assert.Equal(2, run.Chunks);
        Assert.Equal(Enumerable.Repeat("target-full", 4), run.Errors);
        Assert.Equal(4, (await World.StoredAsync(A, Scope.Tenant)).Count);
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D31")]
    public async Task Populate_copies_what_fits_beyond_what_does_not_and_says_so_once()
    {
        var big = await World.WriteAsync(Scope, "big", A, size: 9_000);
        await World.SetLimitsAsync(B, 8_000);
        await SetAsync(MaintenanceTaskKind.Populate);
        var run = await World.RunAsync(MaintenanceTaskKind.Populate, Scope, B);
        Assert.Equal(["target-full"], run.Errors);
        Assert.Equal(6, run.Chunks);
        Assert.DoesNotContain(big, await World.StoredAsync(B, Scope.Tenant));
        await World.DeleteAsync(Scope, "big");
    }

    [Theory]
    [InlineData(MaintenanceTaskKind.Populate)]
    [InlineData(MaintenanceTaskKind.Drain)]
    public async Task A_target_that_is_offline_for_the_whole_run_is_waited_for_and_nothing_is_lost(MaintenanceTaskKind kind)
    {
        Host.Directory.SetOffline(B, true);
        await SetAsync(kind);
        var run = await World.RunAsync(kind, Scope, kind == MaintenanceTaskKind.Drain ? A : B);
        Assert.NotNull(run.Waiting);
        Assert.Equal(0, run.Chunks);
        Assert.Equal(6, (await World.StoredAsync(A, Scope.Tenant)).Count);
        Host.Directory.SetOffline(B, false);
        Assert.Equal(6, (await World.RunAsync(kind, Scope, kind == MaintenanceTaskKind.Drain ? A : B)).Chunks);
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task A_source_that_is_offline_is_waited_for()
    {
        await DrainAsync();
        Host.Directory.SetOffline(A, true);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        Host.Directory.SetOffline(A, false);
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "O5")]
    [Trait("Behaviour", "A7")]
    public async Task A_target_that_fails_is_tried_again_and_leaves_no_copy_behind()
    {
        await DrainAsync();
        Host.Directory.Faults(B).FailAfter(StoreVerbs.Put, times: 3);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        await RunDrainAsync();
        await AssertMovedAsync();
    }
}

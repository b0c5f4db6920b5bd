using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Tests.Policies;

/// <summary>Emptying the local stores of a silo that is to leave, over real stores.</summary>
public sealed class SiloDrainTests(PolicyFixture fixture) : IClassFixture<PolicyFixture>, IAsyncLifetime
{
    private readonly PolicyWorld _world = new(fixture.World);
    private string _silo = "";
    private StoreId _leaving;
    private StoreId _other;
    private TenantId _tenant;

    private SiloDrainCatalog Drains => _world.Get<SiloDrainCatalog>();

    public async Task InitializeAsync()
    {
        _silo = $"{_world.Name}-silo";
        _leaving = await _world.AddStoreAsync("leaving", silo: _silo);
        _other = await _world.AddStoreAsync("other");
        _tenant = await _world.AddTenantAsync("acme");
    }

    public async Task DisposeAsync()
    {
        foreach (var store in new[] { _leaving, _other })
        {
            fixture.World.Directory.Faults(store).Heal();
            fixture.World.Directory.SetOffline(store, false);
        }

        await Drains.EndAsync(_silo, default);
    }

    [Fact]
    public async Task Everything_that_is_referenced_moves_and_the_store_holds_nothing_needed()
    {
        var main = await AddScopeAsync("main");
        var shared = await AddScopeAsync("shared");
        for (var i = 0; i < 20; i++)
        {
            await _world.WriteAsync(main, $"f{i}", _leaving);
        }

        await _world.WriteAsync(shared, "f3", _leaving);
        await _world.WriteAsync(main, "stays", _other);
        await DrainAsync();

        var run = await EmptyAsync();

        Assert.Equal((20, 0), (run.Chunks, run.Count(FindingKind.Error)));
        Assert.Empty(await _world.StoredAsync(_leaving, _tenant));
        Assert.Equal(21, (await _world.StoredAsync(_other, _tenant)).Count);
        Assert.False((await Drains.HeldAsync(_leaving, default)).IsNeeded);
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task A_copy_that_exists_elsewhere_is_let_go_without_another_one_also_where_the_store_is_populated()
    {
        var scope = await _world.AddScopeAsync(
            _tenant, "main", new AttachmentSettings { Store = _other, UploadPriority = 100 }, new AttachmentSettings { Store = _leaving, Populate = true });
        await _world.WriteAsync(scope, "a", _other);
        await _world.RunAsync(MaintenanceTaskKind.Populate, scope, _leaving);
        Assert.Single(await _world.StoredAsync(_leaving, _tenant));
        await DrainAsync();

        var run = await EmptyAsync();

        Assert.Equal(1, run.Chunks);
        Assert.Empty(await _world.StoredAsync(_leaving, _tenant));
        Assert.Single(await _world.StoredAsync(_other, _tenant));

        // The policy stands, and is not followed while the silo is to leave.
        Assert.DoesNotContain(RunPlan.Policies(await _world.Get<TopologyCache>().RefreshAsync(default), scope.Id), task => task.Kind == MaintenanceTaskKind.Populate);
        await _world.RunAsync(MaintenanceTaskKind.Populate, scope, _leaving);
        Assert.Empty(await _world.StoredAsync(_leaving, _tenant));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task What_nothing_references_stays_and_does_not_hold_the_silo_back()
    {
        var scope = await AddScopeAsync("main");
        var garbage = await _world.WriteAsync(scope, "gone", _leaving);
        await _world.DeleteAsync(scope, "gone");
        await DrainAsync();

        var run = await EmptyAsync();

        Assert.Equal((0, 0), (run.Chunks, run.Findings.Count));
        Assert.Equal([garbage], await _world.StoredAsync(_leaving, _tenant));
        Assert.False((await Drains.HeldAsync(_leaving, default)).IsNeeded);
    }

    [Fact]
    public async Task What_has_no_room_elsewhere_stays_is_told_and_moves_when_there_is_room()
    {
        var scope = await AddScopeAsync("main");
        for (var i = 0; i < 4; i++)
        {
            await _world.WriteAsync(scope, $"f{i}", _leaving);
        }

        await _world.SetLimitsAsync(_other, softMaxSize: 2 * PolicyWorld.ChunkSize);
        await DrainAsync();

        var run = await EmptyAsync();

        Assert.Equal(["still-needed", "target-full", "target-full"], run.Errors.Order());
        Assert.Equal(2, (await _world.StoredAsync(_leaving, _tenant)).Count);
        Assert.True((await Drains.HeldAsync(_leaving, default)).IsNeeded);
        await _world.SetLimitsAsync(_other, softMaxSize: null);
        Assert.Equal(2, (await EmptyAsync()).Chunks);
        Assert.False((await Drains.HeldAsync(_leaving, default)).IsNeeded);
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task A_silo_that_is_gone_is_waited_for()
    {
        var scope = await AddScopeAsync("main");
        await _world.WriteAsync(scope, "a", _leaving);
        await DrainAsync();
        fixture.World.Directory.SetOffline(_leaving, true);

        var run = await _world.RunAsync(MaintenanceTaskKind.EmptyStore, null, _leaving);

        Assert.Contains("offline", run.Waiting, StringComparison.Ordinal);
        Assert.True((await Drains.HeldAsync(_leaving, default)).IsNeeded);
        fixture.World.Directory.SetOffline(_leaving, false);
        Assert.Equal(1, (await EmptyAsync()).Chunks);
    }

    [Fact]
    public async Task A_write_that_was_chosen_before_the_drain_is_waited_for_and_then_moved()
    {
        var scope = await AddScopeAsync("main");
        var early = await _world.BeginWriteAsync(scope, "early", _leaving);
        await DrainAsync();

        Assert.Contains("under way", (await _world.RunAsync(MaintenanceTaskKind.EmptyStore, null, _leaving)).Waiting, StringComparison.Ordinal);

        await early();
        Assert.Equal(1, (await EmptyAsync()).Chunks);
        Assert.Empty(await _world.StoredAsync(_leaving, _tenant));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task Taken_back_the_task_ends_with_nothing_moved_and_uploads_go_there_again()
    {
        var scope = await AddScopeAsync("main");
        await _world.WriteAsync(scope, "a", _leaving);
        await DrainAsync();
        await Drains.EndAsync(_silo, default);

        var run = await _world.RunAsync(MaintenanceTaskKind.EmptyStore, null, _leaving);

        Assert.Equal("policy-changed", Assert.Single(run.Findings).Code);
        Assert.Single(await _world.StoredAsync(_leaving, _tenant));
        var topology = await _world.Get<TopologyCache>().RefreshAsync(default);
        Assert.Contains(_leaving, WritePlacement.Candidates(topology.Attachments(scope.Id), topology.Store, static _ => true));
    }

    [Fact]
    public async Task A_dry_run_says_what_it_would_do_and_moves_nothing()
    {
        var scope = await AddScopeAsync("main");
        await _world.WriteAsync(scope, "a", _leaving);
        await DrainAsync();

        var run = await _world.RunAsync(MaintenanceTaskKind.EmptyStore, null, _leaving, dryRun: true);

        Assert.Equal(1, run.Count(FindingKind.WouldDo));
        Assert.Single(await _world.StoredAsync(_leaving, _tenant));
        Assert.Empty(await _world.StoredAsync(_other, _tenant));
    }

    private Task<CaseScope> AddScopeAsync(string name) => _world.AddScopeAsync(
        _tenant, name, new AttachmentSettings { Store = _leaving, UploadPriority = 100 }, new AttachmentSettings { Store = _other, UploadPriority = 50 });

    private async Task DrainAsync()
    {
        var begun = await Drains.BeginAsync(_silo, "test", null, default);
        Assert.Equal(AdminStatus.Accepted, begun.Result.Status);
        await _world.Get<RunCatalog>().CancelAsync(begun.Id!.Value, default); // the case does the steps itself
    }

    // The settling time is the clock's: what is left to wait for is not gone through.
    private async Task<TaskRun> EmptyAsync()
    {
        var run = await _world.RunAsync(MaintenanceTaskKind.EmptyStore, null, _leaving);
        Assert.True(run.Waiting is null || run.Waiting.Contains("given time", StringComparison.Ordinal), run.Waiting);
        return run;
    }
}

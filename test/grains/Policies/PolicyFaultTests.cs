using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Copies;
using Granary.Stores;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Grains.Tests.Policies;

/// <summary>Policies over stores that fail, fill up and lie, over policies that change, and over silos that freeze.</summary>
public sealed class PolicyFaultTests(PolicyFixture fixture) : IClassFixture<PolicyFixture>, IAsyncLifetime
{
    private readonly PolicyWorld _world = new(fixture.World);
    private StoreId _a;
    private StoreId _b;
    private CaseScope _scope = null!;

    public async Task InitializeAsync()
    {
        _a = await _world.AddStoreAsync("a");
        _b = await _world.AddStoreAsync("b");
        _scope = await _world.AddScopeAsync(
            await _world.AddTenantAsync("acme"), "main", new AttachmentSettings { Store = _a, UploadPriority = 100 }, new AttachmentSettings { Store = _b, UploadPriority = 50 });
        for (var i = 0; i < 6; i++)
        {
            await _world.WriteAsync(_scope, $"f{i}", _a);
        }
    }

    public Task DisposeAsync()
    {
        fixture.World.Directory.Faults(_a).Heal();
        fixture.World.Directory.Faults(_b).Heal();
        fixture.World.Directory.SetOffline(_a, false);
        fixture.World.Directory.SetOffline(_b, false);
        return Task.CompletedTask;
    }

    [Fact]
    [Trait("Behaviour", "G6")]
    [Trait("Behaviour", "O8")]
    [Trait("Behaviour", "O5")]
    public async Task A_target_that_gives_back_other_bytes_costs_no_source_and_is_an_error()
    {
        fixture.World.Directory.Faults(_b).Lie = static (_, pieces) => pieces[0].Span[0] ^= 1;
        await DrainAsync();
        var run = await RunDrainAsync();
        Assert.Equal(Enumerable.Repeat("target-corrupt", 6), run.Errors);
        Assert.Equal(6, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        Assert.Empty(await _world.StoredAsync(_b, _scope.Tenant));

        fixture.World.Directory.Faults(_b).Heal();
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "G6")]
    public async Task With_keep_source_a_drain_copies_and_lets_nothing_go()
    {
        await DrainAsync();
        var run = await _world.RunAsync(MaintenanceTaskKind.Drain, _scope, _a, keepSource: true);
        Assert.Equal(6, run.Chunks);
        Assert.Equal(6, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        Assert.Equal(6, (await _world.StoredAsync(_b, _scope.Tenant)).Count);
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task A_damaged_source_is_told_and_the_rest_is_moved()
    {
        var bad = _scope.Files["f2"];
        fixture.World.Directory.Faults(_a).Lie = (key, pieces) => pieces[0].Span[0] ^= key.Hash == bad ? (byte)1 : (byte)0;
        await DrainAsync();
        var run = await RunDrainAsync();
        Assert.Equal(["source-corrupt"], run.Errors);
        Assert.Equal([bad], await _world.StoredAsync(_a, _scope.Tenant));
        Assert.Equal(bad, Assert.Single(await _world.Get<RepairCatalog>().NextDueAsync(_a, 10, default)).Chunk);
        fixture.World.Directory.Faults(_a).Heal();
        Assert.Equal(1, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "D42")]
    public async Task A_target_that_fills_up_midway_takes_what_it_can_and_the_source_keeps_the_rest()
    {
        await DrainAsync();
        var faults = fixture.World.Directory.Faults(_b);
        var run = await _world.RunAsync(MaintenanceTaskKind.Drain, _scope, _a, parallel: 1, between: null);
        Assert.Equal(6, run.Chunks);
        for (var i = 6; i < 12; i++)
        {
            await _world.WriteAsync(_scope, $"f{i}", _a);
        }

        faults.Fail(StoreVerbs.Put, ChunkStoreFault.Full, times: 4);
        run = await _world.RunAsync(MaintenanceTaskKind.Drain, _scope, _a, parallel: 1);
        Assert.Equal(2, run.Chunks);
        Assert.Equal(Enumerable.Repeat("target-full", 4), run.Errors);
        Assert.Equal(4, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        await _world.AssertAllIsWellAsync();
    }

    [Theory]
    [InlineData(MaintenanceTaskKind.Populate)]
    [InlineData(MaintenanceTaskKind.Drain)]
    public async Task A_target_that_is_offline_for_the_whole_run_is_waited_for_and_nothing_is_lost(MaintenanceTaskKind kind)
    {
        fixture.World.Directory.SetOffline(_b, true);
        await SetAsync(kind);
        var run = await _world.RunAsync(kind, _scope, kind == MaintenanceTaskKind.Drain ? _a : _b);
        Assert.NotNull(run.Waiting);
        Assert.Equal(0, run.Chunks);
        Assert.Equal(6, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        fixture.World.Directory.SetOffline(_b, false);
        Assert.Equal(6, (await _world.RunAsync(kind, _scope, kind == MaintenanceTaskKind.Drain ? _a : _b)).Chunks);
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    public async Task A_source_that_is_offline_is_waited_for()
    {
        await DrainAsync();
        fixture.World.Directory.SetOffline(_a, true);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        fixture.World.Directory.SetOffline(_a, false);
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "O5")]
    [Trait("Behaviour", "A7")]
    public async Task A_target_that_fails_is_tried_again_and_leaves_no_copy_behind()
    {
        await DrainAsync();
        fixture.World.Directory.Faults(_b).FailAfter(StoreVerbs.Put, times: 3);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        await RunDrainAsync();
        await AssertMovedAsync();
    }

    [Fact]
    public async Task A_policy_that_is_withdrawn_during_a_run_ends_it()
    {
        await DrainAsync();
        var faults = fixture.World.Directory.Faults(_a);
        faults.Stall(StoreVerbs.Read);
        var running = RunDrainAsync();
        await Eventually.BecomesAsync(() => faults.Stalled > 0, "a chunk is being read");
        await _world.AttachAsync(_scope, new AttachmentSettings { Store = _a, UploadPriority = 100 });
        await _world.AttachAsync(_scope, new AttachmentSettings { Store = _b, UploadPriority = 50, ReadOnly = true });
        faults.Heal();
        await running;

        // Copies for a target that became read-only do not count, so nothing was let go.
        Assert.Equal(6, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        Assert.Empty(await _world.StoredAsync(_b, _scope.Tenant));
        Assert.Equal("policy-changed", Assert.Single((await RunDrainAsync()).Findings).Code);
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "G8")]
    public async Task A_silo_that_was_frozen_while_another_moved_the_chunk_is_refused_when_it_wakes()
    {
        await DrainAsync();
        var hash = _scope.Files["f0"];
        var copies = _world.Get<CopyCatalog>();

        // The frozen silo has a row and wrote its bytes; then its life ended, and another moved everything.
        var frozen = await _world.Get<SiloCatalog>().RegisterAsync("frozen", default);
        Assert.False((await fixture.World.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(_b)).GrantSpaceAsync(new SpaceRequest(frozen, 10_000), default)).Refused);
        var copy = new BeginCopy { Tenant = _scope.Tenant, Hash = hash, Target = _b, Epoch = frozen, Purpose = CopyPurpose.Drain, Scope = _scope.Id };
        var begun = await copies.BeginAsync(copy, default);
        Assert.Equal(CopyBeginStatus.Write, begun.Status);
        await _world.Get<SiloCatalog>().RegisterAsync("frozen", default);
        Assert.Equal(6, (await RunDrainAsync()).Chunks);

        Assert.Equal(CopyCompletion.Lost, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.Equal(CopyBeginStatus.EpochDead, (await copies.BeginAsync(copy with { Target = _a, Purpose = CopyPurpose.Repair }, default)).Status);
        Assert.Equal(ReleaseKind.Gone, (await copies.ReleaseAsync(new ReleaseCopy(_scope.Tenant, hash, _a, ReleaseReason.Drain, _scope.Id), default)).Kind);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "G16")]
    public async Task A_copy_is_not_let_go_for_one_that_is_known_to_be_damaged()
    {
        await DrainAsync();
        await _world.RunAsync(MaintenanceTaskKind.Drain, _scope, _a, keepSource: true);
        var hash = _scope.Files["f1"];
        var there = (await _world.Get<NamespaceCatalog>().GetCopiesAsync(_scope.Tenant, hash, default)).Single(copy => copy.Store == _b);
        await _world.Get<RepairCatalog>().ReportAsync([new DamagedCopy(_scope.Tenant, _b, there.Location, hash)], default);
        Assert.NotNull((await RunDrainAsync()).Waiting);
        Assert.Contains(hash, await _world.StoredAsync(_a, _scope.Tenant));
    }

    [Fact]
    [Trait("Behaviour", "D33")]
    public async Task Populate_reads_from_a_store_that_the_scope_does_not_have()
    {
        // The scope's only copy lies in a store that it detached: only another scope reads there.
        var far = await _world.AddStoreAsync("far");
        var tenant = await _world.AddTenantAsync("third");
        var other = await _world.AddScopeAsync(tenant, "other", new AttachmentSettings { Store = far, UploadPriority = 1 });
        var mine = await _world.AddScopeAsync(
            tenant, "mine", new AttachmentSettings { Store = far, UploadPriority = 1 }, new AttachmentSettings { Store = _b, Populate = true });
        await _world.WriteAsync(other, "shared", far);
        await _world.WriteAsync(mine, "shared", far);
        var scopes = _world.Get<ScopeCatalog>();
        var leaving = await scopes.MarkLeavingAsync(tenant, mine.Id, far, default);
        await scopes.CompleteDetachAsync(tenant, mine.Id, far, leaving.Attempt, null, default);
        var run = await _world.RunAsync(MaintenanceTaskKind.Populate, mine, _b);
        Assert.Equal((1, 0), (run.Chunks, run.Count(FindingKind.Error)));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D44")]
    public async Task A_chunk_that_many_files_share_is_counted_and_moved_once()
    {
        var single = (await _world.Get<PolicyCatalog>().ClaimAsync(_scope.Tenant, _scope.Id, _a, null, 100, default)).Bytes;
        for (var i = 0; i < 3; i++)
        {
            var copied = await _world.Grain(_scope).ApplyAsync(new CopyFile { From = FilePath.Parse("f0"), To = FilePath.Parse($"again{i}"), By = "test" }, default);
            Assert.Equal(NamespaceStatus.Done, copied.Status);
        }

        Assert.Equal(single, (await _world.Get<PolicyCatalog>().ClaimAsync(_scope.Tenant, _scope.Id, _a, null, 100, default)).Bytes);
        await DrainAsync();
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "D38")]
    public async Task A_store_is_not_drained_to_one_that_is_drained_itself()
    {
        await DrainAsync();
        var refused = await _world.Get<ScopeCatalog>().PutAttachmentAsync(
            _scope.Tenant, _scope.Id, new AttachmentSettings { Store = _b, UploadPriority = 50, Drain = true, DrainTo = _a }, null, default);
        Assert.Equal(AdminStatus.Invalid, refused.Status);
        await _world.AttachAsync(_scope, new AttachmentSettings { Store = _a, UploadPriority = 100, Drain = true, DrainTo = _b });
        refused = await _world.Get<ScopeCatalog>().PutAttachmentAsync(
            _scope.Tenant, _scope.Id, new AttachmentSettings { Store = _b, UploadPriority = 50, Drain = true }, null, default);
        Assert.Equal(AdminStatus.Conflict, refused.Status);
    }

    [Fact]
    public async Task Completing_a_copy_twice_counts_it_once()
    {
        var hash = _scope.Files["f0"];
        var copies = _world.Get<CopyCatalog>();
        var copy = new BeginCopy { Tenant = _scope.Tenant, Hash = hash, Target = _b, Epoch = fixture.World.Epoch, Purpose = CopyPurpose.Shrink, Scope = _scope.Id };
        Assert.False((await fixture.World.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(_b)).GrantSpaceAsync(new SpaceRequest(fixture.World.Epoch, 1_000), default)).Refused);
        var begun = await copies.BeginAsync(copy, default);
        Assert.Equal(CopyBeginStatus.Busy, (await copies.BeginAsync(copy, default)).Status);
        Assert.Equal(CopyCompletion.Stored, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.Equal(CopyCompletion.Stored, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.False(await copies.FailAsync(_scope.Tenant, hash, begun.Location, mayArriveLate: false, default));
        Assert.Equal(CopyBeginStatus.AlreadyThere, (await copies.BeginAsync(copy, default)).Status);
        await fixture.World.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "D39")]
    [Trait("Behaviour", "G16")]
    public async Task Two_scopes_that_drain_a_shared_store_at_one_time_keep_every_chunk_readable_for_both()
    {
        var other = await _world.AddScopeAsync(
            _scope.Tenant, "other", new AttachmentSettings { Store = _a, UploadPriority = 100 }, new AttachmentSettings { Store = _b, UploadPriority = 50 });
        foreach (var path in _scope.Files.Keys)
        {
            await _world.WriteAsync(other, path, _a);
        }

        await DrainAsync();
        await _world.AttachAsync(other, new AttachmentSettings { Store = _a, UploadPriority = 100, Drain = true });
        await Task.WhenAll(RunDrainAsync(), _world.RunAsync(MaintenanceTaskKind.Drain, other, _a));
        await RunDrainAsync();
        await _world.RunAsync(MaintenanceTaskKind.Drain, other, _a);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "D31")]
    public async Task Populate_copies_what_fits_beyond_what_does_not_and_says_so_once()
    {
        var big = await _world.WriteAsync(_scope, "big", _a, size: 9_000);
        await _world.SetLimitsAsync(_b, 8_000);
        await SetAsync(MaintenanceTaskKind.Populate);
        var run = await _world.RunAsync(MaintenanceTaskKind.Populate, _scope, _b);
        Assert.Equal(["target-full"], run.Errors);
        Assert.Equal(6, run.Chunks);
        Assert.DoesNotContain(big, await _world.StoredAsync(_b, _scope.Tenant));
        await _world.DeleteAsync(_scope, "big");
    }

    [Fact]
    public async Task After_uploads_populate_follows_the_change_log_and_does_not_search()
    {
        await SetAsync(MaintenanceTaskKind.Populate);
        Assert.Equal(6, (await _world.RunAsync(MaintenanceTaskKind.Populate, _scope, _b)).Chunks);
        await _world.WriteAsync(_scope, "new", _a);
        var progress = await _world.Get<PolicyCatalog>().ProgressAsync(_scope.Id, _b, default);
        Assert.Equal(6, progress!.Sequence);
        Assert.Equal(1, (await _world.RunAsync(MaintenanceTaskKind.Populate, _scope, _b, trigger: RunTrigger.Uploads)).Chunks);
        Assert.Equal(7, (await _world.Get<PolicyCatalog>().ProgressAsync(_scope.Id, _b, default))!.Sequence);

        // Not populated any more, then again: what was known is forgotten.
        await _world.AttachAsync(_scope, new AttachmentSettings { Store = _b, UploadPriority = 50 });
        Assert.Null(await _world.Get<PolicyCatalog>().ProgressAsync(_scope.Id, _b, default));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "G4")]
    [Trait("Behaviour", "D41")]
    public async Task What_was_read_stays_and_what_was_not_moves()
    {
        var access = _world.Get<AccessCatalog>();
        foreach (var path in new[] { "f0", "f1", "f4" })
        {
            access.Touch(_a, _scope.Tenant, _scope.Files[path]);
        }

        await access.FlushAsync(default);
        await _world.SetLimitsAsync(_a, 3_000);
        Assert.Equal(3, (await _world.RunAsync(MaintenanceTaskKind.ShrinkStore, null, _a)).Chunks);
        Assert.Equal(
            new HashSet<ChunkHash> { _scope.Files["f0"], _scope.Files["f1"], _scope.Files["f4"] }, await _world.StoredAsync(_a, _scope.Tenant));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D45")]
    public async Task A_stores_limit_takes_from_every_scope_by_last_access_alone()
    {
        var other = await _world.AddScopeAsync(
            _scope.Tenant, "other", new AttachmentSettings { Store = _a, UploadPriority = 100 }, new AttachmentSettings { Store = _b, UploadPriority = 50 });
        for (var i = 0; i < 6; i++)
        {
            await _world.WriteAsync(other, $"g{i}", _a);
        }

        var access = _world.Get<AccessCatalog>();
        foreach (var hash in new[] { _scope.Files["f0"], _scope.Files["f1"], _scope.Files["f2"], other.Files["g0"], other.Files["g1"], other.Files["g2"] })
        {
            access.Touch(_a, _scope.Tenant, hash);
        }

        await access.FlushAsync(default);
        await _world.SetLimitsAsync(_a, 6_000);
        Assert.Equal(6, (await _world.RunAsync(MaintenanceTaskKind.ShrinkStore, null, _a)).Chunks);
        var left = await _world.StoredAsync(_a, _scope.Tenant);
        Assert.Equal(3, left.Count(hash => _scope.Files.ContainsValue(hash)));
        Assert.Equal(3, left.Count(hash => other.Files.ContainsValue(hash)));
        await _world.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task What_is_left_in_a_store_that_its_scope_has_detached_goes()
    {
        await SetAsync(MaintenanceTaskKind.Populate);
        await _world.RunAsync(MaintenanceTaskKind.Populate, _scope, _b);
        Assert.Equal(AdminStatus.Done, (await _world.Grain(_scope).DetachAsync(_a, null, default)).Status);
        Assert.Equal(6, (await _world.StoredAsync(_a, _scope.Tenant)).Count);
        Assert.Equal(6, (await _world.RunAsync(MaintenanceTaskKind.ShrinkStore, null, _a)).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    public async Task One_copy_that_is_asked_for_many_times_is_made_once()
    {
        var worker = fixture.World.SiloServices.GetRequiredService<CopyWorker>();
        var before = fixture.World.Directory.Faults(_b).Calls(StoreVerbs.Put);
        var request = new CopyRequest(_scope.Tenant, _scope.Files["f3"], _b, [], CopyPurpose.Hot, _scope.Id);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => worker.CopyAsync(request, default)));
        Assert.Single(outcomes, outcome => outcome.Status == CopyStatus.Copied);
        Assert.All(outcomes, static outcome => Assert.True(outcome.Status is CopyStatus.Copied or CopyStatus.AlreadyThere));
        Assert.Equal(before + 1, fixture.World.Directory.Faults(_b).Calls(StoreVerbs.Put));
    }

    private Task DrainAsync() => SetAsync(MaintenanceTaskKind.Drain);

    private Task SetAsync(MaintenanceTaskKind kind) => _world.AttachAsync(
        _scope,
        kind == MaintenanceTaskKind.Drain
            ? new AttachmentSettings { Store = _a, UploadPriority = 100, Drain = true }
            : new AttachmentSettings { Store = _b, UploadPriority = 50, Populate = true });

    private Task<TaskRun> RunDrainAsync() => _world.RunAsync(MaintenanceTaskKind.Drain, _scope, _a);

    private async Task AssertMovedAsync()
    {
        Assert.Empty(await _world.StoredAsync(_a, _scope.Tenant));
        Assert.Equal(_scope.Files.Count, (await _world.StoredAsync(_b, _scope.Tenant)).Count);
        await _world.AssertAllIsWellAsync();
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;
using Granary.Grains.Tests.Worlds;
using Granary.Stores;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Maintenance;

/// <summary>Collection, sweep, verify and fsck over a real catalog and real stores, which fail and lie on command.</summary>
public sealed class InspectionTests : IAsyncLifetime
{
    private GrainWorld _world = null!;
    private RunWorld _runs = null!;

    private string StoreFolder => Path.Combine(_world.Folder, "local");

    public async Task InitializeAsync()
    {
        _world = await GrainWorld.StartAsync();
        _runs = new RunWorld(_world);
        await _world.Get<RunCatalog>().UpdateSettingsAsync(static settings => settings with { Rest = 0 }, default);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    [Trait("Behaviour", "D48")]
    [Trait("Behaviour", "G13")]
    public async Task What_nothing_references_is_gone_one_grace_and_one_round_later_and_what_is_referenced_stays()
    {
        var writer = new Writer(_world);
        await writer.StoreAsync("gone", "gone");
        await writer.StoreAsync("kept", "kept");
        await _world.ScopeGrain.ApplyAsync(new DeleteFile { By = "test", Path = FilePath.Parse("gone") }, default);
        await _runs.WorkAsync();
        var early = await _runs.RunAsync(tasks: _runs.OfTenant(MaintenanceTaskKind.Collect));
        Assert.Equal((RunState.Done, 0L), (early.Run.State, early.Run.DoneChunks));
        Assert.Equal(2, (await _world.KeysAsync(_world.Store)).Count);

        await _runs.Catalog.UpdateSettingsAsync(static settings => settings with { Grace = TimeSpan.Zero }, default);
        var dry = await _runs.RunAsync(dryRun: true, tasks: _runs.OfTenant(MaintenanceTaskKind.Collect));
        Assert.Equal([("would-collect", FindingKind.WouldDo)], await _runs.FindingsAsync(dry.Run.Id));
        Assert.Equal(2, (await _world.KeysAsync(_world.Store)).Count);

        var run = await _runs.RunAsync(tasks: _runs.OfTenant(MaintenanceTaskKind.Collect));
        Assert.Equal((RunState.Done, 1L, 1L, 4L, 4L), (run.Run.State, run.Run.DoneChunks, run.Run.TotalChunks, run.Run.DoneBytes, run.Run.TotalBytes));
        Assert.Single(await _world.KeysAsync(_world.Store));
        Assert.Equal(1, (await _world.Get<StoreCatalog>().GetSpaceAsync(_world.Store, default))!.Chunks);
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "D46")]
    public async Task Unknown_bytes_older_than_a_day_go_and_younger_and_known_ones_stay()
    {
        await new Writer(_world).StoreAsync("kept", "kept");
        var old = await _runs.StrayAsync("old stray", 5);
        await _runs.AgeAsync(StoreFolder);
        var young = await _runs.StrayAsync("young stray", 6);
        var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal(RunState.Done, run.Run.State);
        Assert.Equal([("unknown-bytes", FindingKind.Info)], await _runs.FindingsAsync(run.Run.Id));
        var keys = await _world.KeysAsync(_world.Store);
        Assert.DoesNotContain(old, keys);
        Assert.Contains(young, keys);
        Assert.Equal(2, keys.Count);
    }

    [Fact]
    [Trait("Behaviour", "D27")]
    public async Task A_dry_sweep_tells_and_removes_nothing()
    {
        await new Writer(_world).StoreAsync("kept", "kept");
        var stray = await _runs.StrayAsync("stray", 5);
        await _runs.AgeAsync(StoreFolder);
        var run = await _runs.RunAsync(dryRun: true, tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal([("unknown-bytes", FindingKind.WouldDo)], await _runs.FindingsAsync(run.Run.Id));
        Assert.Contains(stray, await _world.KeysAsync(_world.Store));
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("is cut short")]
    [InlineData("foreign identity")]
    [InlineData("lost identity")]
    [InlineData("offline")]
    [Trait("Behaviour", "G3")]
    public async Task Without_a_whole_listing_of_a_store_that_is_ours_nothing_is_deleted_and_the_run_fails(string how)
    {
        await _runs.StrayAsync("first", 5);
        await _runs.StrayAsync("second", 6);
        await new Writer(_world).StoreAsync("kept", "kept");
        await _runs.AgeAsync(StoreFolder);
        var faults = _world.Directory.Faults(_world.Store);
        Action misbehave = how switch
        {
            "fails" => () => faults.Fail(StoreVerbs.List),
            "is cut short" => () => faults.BreakListAfter(1),
            "foreign identity" => () => faults.Fail(StoreVerbs.Check, ChunkStoreFault.IdentityForeign),
            "lost identity" => () => faults.Fail(StoreVerbs.Check, ChunkStoreFault.IdentityMissing),
            _ => () => _world.Directory.SetOffline(_world.Store, true),
        };
        misbehave();
        var run = await _runs.RunAsync(tasks: [_runs.OfStore(MaintenanceTaskKind.Sweep), _runs.OfStore(MaintenanceTaskKind.Verify)]);
        Assert.Equal(RunState.Running, run.Run.State);
        Assert.All(run.Tasks, static task => Assert.NotNull(task.Waiting));

        for (var i = 0; i < 2; i++)
        {
            await _runs.LosePatienceAsync(run.Run.Id);
            await _runs.WorkAsync();
        }

        var ended = (await _runs.Catalog.FindAsync(run.Run.Id, default))!;
        Assert.Equal((RunState.Failed, 2L), (ended.Run.State, ended.Run.Errors));
        Assert.All(await _runs.FindingsAsync(run.Run.Id), static finding => Assert.Equal(("given-up", FindingKind.Error), finding));
        Assert.Equal(0, faults.Calls(StoreVerbs.Delete));
        faults.Heal();
        _world.Directory.SetOffline(_world.Store, false);
        Assert.Equal(3, (await _world.KeysAsync(_world.Store)).Count);
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task While_sweeping_is_off_nothing_is_removed()
    {
        await _runs.StrayAsync("stray", 5);
        await _runs.AgeAsync(StoreFolder);
        await _runs.Catalog.UpdateSettingsAsync(static settings => settings with { Sweep = false }, default);
        var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal([("sweep-off", FindingKind.Info)], await _runs.FindingsAsync(run.Run.Id));
        Assert.Single(await _world.KeysAsync(_world.Store));
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_store_that_is_newer_than_the_catalog_is_not_swept_until_an_operator_says_so()
    {
        await new Writer(_world).StoreAsync("kept", "kept");
        await _runs.StrayAsync("from before the restore", 5);
        await _runs.StrayAsync("from after the backup", 1_000_000);
        await _runs.AgeAsync(StoreFolder);
        var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal(RunState.Failed, run.Run.State);
        Assert.Equal([("catalog-older", FindingKind.Error)], await _runs.FindingsAsync(run.Run.Id));
        Assert.Equal(3, (await _world.KeysAsync(_world.Store)).Count);

        // It stays so, also when the catalog has given such ids meanwhile.
        Assert.False((await _runs.Catalog.GetSettingsAsync(default)).Sweep);
        await SqlAsync("UPDATE id SET next = 2000000 WHERE kind = 'location'");
        run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal([("sweep-off", FindingKind.Info)], await _runs.FindingsAsync(run.Run.Id));
        await _runs.Catalog.UpdateSettingsAsync(static settings => settings with { Sweep = true }, default);
        run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal(RunState.Done, run.Run.State);
        Assert.Single(await _world.KeysAsync(_world.Store));
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task Bytes_that_were_there_before_their_id_was_given_are_of_another_past_and_stay()
    {
        // As after a restore: the ids are given anew, to other copies, and what the lost past wrote under them is a day old.
        await new Writer(_world).StoreAsync("kept", "kept");
        var kept = Assert.Single(await _world.KeysAsync(_world.Store));
        await _runs.StrayAsync("unknown by its id", 7);
        await _runs.StrayAsync("unknown by its name", StoreListing.LocationOf(kept)!.Value);
        RunWorld.AgeBytes(StoreFolder);
        var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Sweep));
        Assert.Equal([("catalog-older", FindingKind.Error)], await _runs.FindingsAsync(run.Run.Id));
        Assert.Equal(3, (await _world.KeysAsync(_world.Store)).Count);
        Assert.False((await _runs.Catalog.GetSettingsAsync(default)).Sweep);
    }

    [Fact]
    public async Task Fsck_finds_unknown_bytes_and_wrong_sums_and_repair_puts_them_right()
    {
        await new Writer(_world).StoreAsync("kept", "kept");
        await _runs.StrayAsync("stray", 5);
        await _runs.AgeAsync(StoreFolder);
        await SqlAsync("UPDATE store_space SET charged = charged + 7");
        await SqlAsync("UPDATE usage SET logical = logical + 1");
        await SqlAsync("UPDATE chunk SET refs = 2");
        NewRunTask[] tasks = [_runs.OfTenant(MaintenanceTaskKind.Fsck), _runs.OfStore(MaintenanceTaskKind.Fsck)];
        var found = await _runs.RunAsync(data: true, tasks: tasks);
        Assert.Equal(
            [("references-differ", FindingKind.Error), ("space-differs", FindingKind.Error), ("unknown-bytes", FindingKind.Error), ("usage-differs", FindingKind.Error)],
            (await _runs.FindingsAsync(found.Run.Id)).Order());
        Assert.Equal((RunState.Failed, 4L), (found.Run.State, found.Run.Errors));
        Assert.Equal((found.Run.TotalChunks, found.Run.TotalBytes), (found.Run.DoneChunks, found.Run.DoneBytes));

        var repaired = await _runs.RunAsync(repair: true, tasks: tasks);
        Assert.Equal(RunState.Done, repaired.Run.State);
        Assert.All(await _runs.FindingsAsync(repaired.Run.Id), static finding => Assert.Equal(FindingKind.Repaired, finding.Kind));
        var clean = await _runs.RunAsync(data: true, tasks: tasks);
        Assert.Equal((RunState.Done, 0L), (clean.Run.State, clean.Run.Findings));
        await _world.AssertInvariantsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Behaviour", "D47")]
    public async Task A_copy_that_is_missing_or_damaged_is_repaired_from_another_one(bool missing)
    {
        var second = await SecondStoreAsync();
        await new Writer(_world).StoreAsync("a", "content");
        await CopyAsync(second);
        var key = Assert.Single(await _world.KeysAsync(_world.Store));
        Spoil(key, missing);
        var kind = missing ? MaintenanceTaskKind.Verify : MaintenanceTaskKind.Scrub;
        var dry = await _runs.RunAsync(dryRun: true, tasks: _runs.OfStore(kind));
        Assert.Equal([(missing ? "copy-missing" : "copy-damaged", FindingKind.Error)], await _runs.FindingsAsync(dry.Run.Id));

        var run = await _runs.RunAsync(tasks: _runs.OfStore(kind));
        Assert.Equal(RunState.Done, run.Run.State);
        Assert.Equal([(missing ? "copy-missing" : "copy-damaged", FindingKind.Repaired)], await _runs.FindingsAsync(run.Run.Id));
        var repaired = Assert.Single(await _world.KeysAsync(_world.Store));
        Assert.NotEqual(key, repaired);
        var clean = await _runs.RunAsync(data: true, tasks: [_runs.OfStore(MaintenanceTaskKind.Fsck), _runs.OfStore(MaintenanceTaskKind.Scrub)]);
        Assert.Equal((RunState.Done, 0L), (clean.Run.State, clean.Run.Findings));
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "D25")]
    [Trait("Behaviour", "D47")]
    public async Task The_only_copy_that_is_missing_fails_the_run_is_no_dedup_hit_and_the_same_content_heals_it()
    {
        await new Writer(_world).StoreAsync("a", "content");
        var key = Assert.Single(await _world.KeysAsync(_world.Store));
        Spoil(key, missing: true);
        for (var i = 0; i < 2; i++)
        {
            var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Verify));
            Assert.Equal((RunState.Failed, 1L), (run.Run.State, run.Run.Errors));
        }

        await new Writer(_world).StoreAsync("b", "content");
        Assert.Single(await _world.KeysAsync(_world.Store));
        await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Verify));
        var healed = await _runs.RunAsync(data: true, tasks: [_runs.OfTenant(MaintenanceTaskKind.Fsck), _runs.OfStore(MaintenanceTaskKind.Fsck)]);
        Assert.Equal((RunState.Done, 0L), (healed.Run.State, healed.Run.Findings));
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    public async Task A_copy_that_was_only_out_of_sight_counts_again()
    {
        await new Writer(_world).StoreAsync("a", "content");
        var key = Assert.Single(await _world.KeysAsync(_world.Store));
        var file = FileOf(key);
        File.Move(file, file + ".away");
        Assert.Equal(RunState.Failed, (await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Verify))).Run.State);
        File.Move(file + ".away", file);
        var run = await _runs.RunAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Verify));
        Assert.Equal([("copy-damaged", FindingKind.Repaired)], await _runs.FindingsAsync(run.Run.Id));
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "G8")]
    public async Task A_run_goes_on_in_another_cluster_and_no_step_counts_twice()
    {
        var writer = new Writer(_world);
        for (var i = 0; i < 40; i++)
        {
            await writer.StoreAsync($"f{i}", $"content {i}");
        }

        await _runs.Catalog.UpdateSettingsAsync(static settings => settings with { ScrubBytesPerSecond = 20 }, default);
        var id = await _runs.CreateAsync(tasks: _runs.OfStore(MaintenanceTaskKind.Scrub));
        await _world.Client.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(_world.Store)).RunRoundAsync(default);
        var begun = (await _runs.Catalog.FindAsync(id, default))!;
        Assert.InRange(begun.Run.DoneChunks, 1, 39);
        Assert.Equal((40L, RunState.Running), (begun.Run.TotalChunks, begun.Run.State));

        await _runs.Catalog.UpdateSettingsAsync(static settings => settings with { ScrubBytesPerSecond = 1 << 20 }, default);
        var other = await _world.StartClusterAsync();
        var grains = new[] { _world.Client, other }.Select(client => client.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(_world.Store))).ToArray();
        var ended = begun.Run;
        for (var round = 0; ended.State == RunState.Running && round < 200; round++)
        {
            await Task.WhenAll(grains.Select(static grain => grain.RunRoundAsync(default)));
            ended = (await _runs.Catalog.FindAsync(id, default))!.Run;
            await Task.Delay(25);
        }

        Assert.Equal(RunState.Done, ended.State);
        Assert.Equal((40L, 40L, 0L), (ended.DoneChunks, ended.TotalChunks, ended.Findings));
    }

    private async Task<StoreId> SecondStoreAsync()
    {
        var second = await _world.AddStoreAsync("second");
        await _world.AttachAsync(second, 10);
        return second;
    }

    // The scope gets its content into the other store as well.
    private async Task CopyAsync(StoreId store)
    {
        await _world.ScopeGrain.AttachAsync(new AttachmentSettings { Store = store, UploadPriority = 10, DownloadPriority = 10, Populate = true }, null, default);
        await _runs.WorkAsync();
        Assert.Single(await _world.KeysAsync(store));
        await _world.ScopeGrain.AttachAsync(new AttachmentSettings { Store = store, UploadPriority = 10, DownloadPriority = 10 }, null, default);
    }

    private string FileOf(LocationKey key) => Path.Combine(StoreFolder, key.Folder, key.FileName);

    private void Spoil(LocationKey key, bool missing)
    {
        if (missing)
        {
            File.Delete(FileOf(key));
        }
        else
        {
            File.WriteAllText(FileOf(key), "CONTENT");
        }
    }

    private Task<int> SqlAsync(string text)
    {
        var sql = new Sql(text);
        return _world.Database.WriteAsync(session => session.Execute(sql), default);
    }
}

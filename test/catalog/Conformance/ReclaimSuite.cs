using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class ReclaimSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "S7")]
    public async Task A_chunk_is_unreferenced_only_when_no_version_and_no_upload_needs_it()
    {
        await World.PutAsync("a", ["shared", "own"]);
        await World.PutAsync("b", ["shared"]);
        await World.DeleteAsync("a");
        await World.RunBackgroundAsync();
        var explained = (await World.Files.ExplainAsync(World.Tenant, World.Scope, Path("b"), null, 0, 1, default))![0];
        Assert.Equal((1L, (DateTimeOffset?)null), (explained.ReferencesHere, explained.UnreferencedSince));
        Assert.Single(explained.Copies);
        Assert.Equal(6, (await World.Scopes.GetDetailsAsync(World.Tenant, World.Scope, default))!.UniqueBytes);
    }

    [SuiteFact]
    [Trait("Behaviour", "S7")]
    public async Task The_pages_of_a_manifest_are_read_until_a_grace_period_after_its_last_version_went()
    {
        string[] chunks = [.. Enumerable.Range(0, 2_000).Select(static i => $"chunk {i}")];
        await World.PutAsync("big", chunks);
        var manifest = (await World.FindAsync("big")).File!.Manifest;
        await World.PutAsync("big", "other");
        while ((await World.Reclaim.UncountPageAsync(World.Tenant, default)).Worked)
        {
            await AssertReadableAsync();
            await World.AssertInvariantsAsync();
        }

        var uncounted = Clock.GetUtcNow();
        await AssertReadableAsync();
        Assert.Contains(World.Tenant, (await World.Reclaim.WorkPendingAsync(default)).Tenants);
        Assert.Empty(await World.Files.ReadChunksAsync(new TenantId(World.Tenant.Value + 1), manifest, 16, 32, default));
        Assert.Equal(0, await World.Reclaim.DropManifestPageAsync(World.Tenant, uncounted - TimeSpan.FromSeconds(1), default));

        var pages = 0;
        for (; await World.Reclaim.DropManifestPageAsync(World.Tenant, uncounted, default) > 0; pages++)
        {
            await World.AssertInvariantsAsync();
        }

        Assert.Equal(2, pages);
        Assert.Empty(await World.Files.ReadChunksAsync(World.Tenant, manifest, 16, 32, default));
        Assert.DoesNotContain(World.Tenant, (await World.Reclaim.WorkPendingAsync(default)).Tenants);

        async Task AssertReadableAsync()
        {
            foreach (var from in new[] { 16, 300, 1_968 })
            {
                var page = await World.Files.ReadChunksAsync(World.Tenant, manifest, from, 32, default);
                Assert.Equal(chunks[from..(from + 32)].Select(Hash), page.Select(static chunk => chunk.Hash));
                Assert.All(page, static chunk => Assert.Single(chunk.Copies));
            }
        }
    }

    [SuiteFact]
    public async Task Nothing_is_kept_of_a_short_manifest_or_of_one_that_never_was_a_version()
    {
        await World.PutAsync("short", [.. Enumerable.Range(0, 16).Select(static i => $"chunk {i}")]);
        await World.DeleteAsync("short");
        var upload = NewUpload();
        await World.BeginAsync(upload, "never", null);
        for (var i = 0; i < 20; i++)
        {
            await World.PlaceAsync(World.Chunk(upload, i, Hash($"never {i}"), 7, reserve: true));
        }

        await World.Uploads.AbortAsync(upload, default);
        await World.RunBackgroundAsync();
        Assert.Equal(0, await World.Reclaim.DropManifestPageAsync(World.Tenant, Clock.GetUtcNow(), default));
        await World.AssertInvariantsAsync();
    }

    [SuiteFact]
    public async Task A_large_manifest_is_uncounted_in_pages_that_may_stop_anywhere()
    {
        await World.PutAsync("big", [.. Enumerable.Range(0, 700).Select(static i => $"chunk {i % 600}")]);
        await World.DeleteAsync("big");
        var references = 0L;
        var pages = 0;
        for (var page = await World.Reclaim.UncountPageAsync(World.Tenant, default); page.Worked; page = await World.Reclaim.UncountPageAsync(World.Tenant, default))
        {
            references += page.References;
            pages++;
            await World.AssertInvariantsAsync();
        }

        Assert.Equal(600, references);
        Assert.True(pages > 2, $"{pages} pages");
        Assert.Equal(700, await World.Reclaim.DropManifestPageAsync(World.Tenant, Clock.GetUtcNow(), default));
        Assert.Empty((await World.Reclaim.WorkPendingAsync(default)).Tenants);
    }

    [SuiteFact]
    public async Task Damaged_copies_wait_for_repair_until_they_are_dealt_with_or_gone()
    {
        await World.PutAsync("a", "one");
        await World.PutAsync("b", "two");
        var one = new DamagedCopy(World.Tenant, World.Store, (await World.Files.GetCopiesAsync(World.Tenant, Hash("one"), default))[0].Location, Hash("one"));
        var two = new DamagedCopy(World.Tenant, World.Store, (await World.Files.GetCopiesAsync(World.Tenant, Hash("two"), default))[0].Location, Hash("two"));
        var repairs = new RepairCatalog(World.Database);
        await repairs.ReportAsync([one, one, two, new DamagedCopy(World.Tenant, World.Store, new LocationId(999_999), Hash("none"))], default);
        await repairs.ReportAsync([two], default);
        Assert.Equal([one, two], await repairs.AllAsync(10, default));
        Assert.Equal([World.Store], (await World.Reclaim.WorkPendingAsync(default)).Stores);
        Assert.Equal([one], await repairs.NextDueAsync(World.Store, 1, default));

        await repairs.PostponeAsync(World.Store, one.Location, TimeSpan.FromHours(1), default);
        Assert.Equal([two], await repairs.NextDueAsync(World.Store, 10, default));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal([one, two], await repairs.NextDueAsync(World.Store, 10, default));

        Assert.Equal(0, await repairs.ForgetGoneAsync(World.Store, 10, default));
        await repairs.RemoveAsync(World.Store, one.Location, default);
        Assert.Equal([two], await repairs.AllAsync(10, default));
        await World.DeleteAsync("b");
        await World.RunBackgroundAsync();
        var inspected = new InspectedCopy(two.Location, two.Tenant, two.Chunk, two.Store, LocationState.Stored, 3);
        Assert.Equal(DamageOutcome.Condemned, await new InspectionCatalog(World.Database).MarkDamagedAsync(inspected, default));
        Assert.Equal(1, await repairs.ForgetGoneAsync(World.Store, 10, default));
    }

    [SuiteFact]
    [Trait("Behaviour", "G14")]
    public async Task Space_is_given_back_only_when_the_store_said_that_the_bytes_are_absent()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        var before = (await World.Stores.GetSpaceAsync(World.Store, default))!.Charged;
        await World.Uploads.AbortAsync(upload, default);
        Assert.Equal(before, (await World.Stores.GetSpaceAsync(World.Store, default))!.Charged);
        Assert.Equal([World.Store], (await World.Reclaim.WorkPendingAsync(default)).Stores);
        var deleting = Assert.Single(await World.Reclaim.NextDeletingAsync(World.Store, null, 10, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default));
        Assert.Equal(new DeletingLocation(placed.Location, World.Tenant, Hash("data"), 4), deleting);
        Assert.Empty(await World.Reclaim.NextDeletingAsync(World.Store, placed.Location, 10, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default));
        Assert.Empty(await World.Reclaim.NextDeletingAsync(World.Store, null, 10, Clock.GetUtcNow() - TimeSpan.FromSeconds(1), DateTimeOffset.MinValue, default));
        Assert.Equal(4, await World.Reclaim.LocationsDeletedAsync([placed.Location], default));
        Assert.Equal(0, await World.Reclaim.LocationsDeletedAsync([placed.Location], default));
        Assert.Equal(before - 4, (await World.Stores.GetSpaceAsync(World.Store, default))!.Charged);
    }

    [SuiteFact]
    public async Task A_failed_write_is_told_after_its_grace_period_or_at_once_when_its_silo_is_long_dead()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        await World.Uploads.AbortAsync(upload, default);
        var began = Clock.GetUtcNow();
        Assert.Equal(0, await ToldAsync(failedBefore: began - TimeSpan.FromSeconds(1), deadBefore: began + TimeSpan.FromDays(1)));
        Assert.Equal(1, await ToldAsync(failedBefore: began, deadBefore: DateTimeOffset.MinValue));
        Clock.Advance(TimeSpan.FromMinutes(1));
        World.Epoch = await World.Silos.RegisterAsync("silo-1", default);
        Assert.Equal(0, await ToldAsync(failedBefore: DateTimeOffset.MinValue, deadBefore: Clock.GetUtcNow() - TimeSpan.FromSeconds(1)));
        Assert.Equal(1, await ToldAsync(failedBefore: DateTimeOffset.MinValue, deadBefore: Clock.GetUtcNow()));

        async Task<int> ToldAsync(DateTimeOffset failedBefore, DateTimeOffset deadBefore) =>
            (await World.Reclaim.NextDeletingAsync(World.Store, null, 10, failedBefore, deadBefore, default)).Count;
    }

    [SuiteFact]
    public async Task A_stored_copy_cannot_be_reported_as_deleted()
    {
        await World.PutAsync("a", "data");
        var copy = Assert.Single(await World.Files.GetCopiesAsync(World.Tenant, Hash("data"), default));
        Assert.Equal(0, await World.Reclaim.LocationsDeletedAsync([copy.Location], default));
        Assert.Single(await World.Files.GetCopiesAsync(World.Tenant, Hash("data"), default));
    }

    [SuiteFact]
    public async Task What_a_dead_silo_held_is_released_after_its_grace_period_and_not_before()
    {
        await World.GrantAsync(World.Store, 100, 100);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        var dead = World.Epoch;
        World.Epoch = await World.Silos.RegisterAsync("silo-1", default);
        var pending = await World.Reclaim.WorkPendingAsync(default);
        Assert.Equal(World.Tenant, Assert.Single(pending.Tenants));
        Assert.Equal(World.Store, Assert.Single(pending.Stores));
        Assert.Equal(1, await World.Reclaim.AbortDeadUploadsAsync(World.Tenant, default));
        Assert.Equal(0, (await World.Tenants.GetUsageAsync(World.Tenant, default))!.Reserved);
        await World.RunBackgroundAsync();

        var early = Clock.GetUtcNow() - TimeSpan.FromMinutes(20);
        Assert.Equal(0, await World.Reclaim.CondemnDeadWritesAsync(World.Store, early, default));
        Assert.Equal(0, (await World.Reclaim.ReleaseDeadBlocksAsync(World.Store, early, default)).Count);
        Clock.Advance(TimeSpan.FromMinutes(20));
        var due = Clock.GetUtcNow() - TimeSpan.FromMinutes(20);
        Assert.Equal(1, await World.Reclaim.CondemnDeadWritesAsync(World.Store, due, default));
        Assert.Equal(new BlocksReleased(1, 96), await World.Reclaim.ReleaseDeadBlocksAsync(World.Store, due, default));
        await World.Reclaim.LocationsDeletedAsync([placed.Location], default);
        Assert.Equal(0, (await World.Stores.GetSpaceAsync(World.Store, default))!.Charged);
        Assert.False(await World.Silos.IsAliveAsync(dead, default));
        pending = await World.Reclaim.WorkPendingAsync(default);
        Assert.Empty(pending.Tenants);
        Assert.Empty(pending.Stores);
    }

    [SuiteFact]
    public async Task A_scope_deleted_by_force_loses_files_versions_uploads_and_log_and_keeps_other_scopes()
    {
        var world = await CreateWorldAsync(keepVersions: 3);
        var other = await world.CreateScopeAsync("other");
        for (var i = 0; i < 300; i++)
        {
            await world.PutAsync($"f{i % 100}", [$"content {i % 7}", "common"]);
        }

        await world.PutAsync("kept", ["common"], other);
        await world.DeleteAsync("f1");
        await world.BeginAsync(NewUpload(), "open", 1000);
        Assert.Equal(AdminStatus.Accepted, (await world.Scopes.MarkDeletingAsync(world.Tenant, world.Scope, true, null, default)).Status);
        await world.RunBackgroundAsync();
        Assert.Null((await world.Topology.RefreshAsync(default)).Scope(world.Scope));
        Assert.Equal(new QuotaInfo(null, 6, 0), await world.Tenants.GetUsageAsync(world.Tenant, default));
        Assert.Single((await world.Files.FindAsync(world.Tenant, other, Path("kept"), null, default)).FirstChunks[0].Copies);
        Assert.Empty((await world.Reclaim.WorkPendingAsync(default)).Tenants);
    }

    [SuiteFact]
    [Trait("Behaviour", "G4")]
    public async Task A_read_is_noted_to_the_minute_once_and_only_forward()
    {
        await World.PutAsync("a", "data");
        World.Access.Touch(World.Store, World.Tenant, Hash("data"));
        World.Access.Touch(World.Store, World.Tenant, Hash("data"));
        var minute = DateTimeOffset.FromUnixTimeSeconds(Clock.GetUtcNow().ToUnixTimeSeconds() / 60 * 60);
        Assert.Equal(1, await FlushAsync());
        Assert.Equal(minute, await World.Access.FindAsync(World.Store, World.Tenant, Hash("data"), default));
        World.Access.Touch(World.Store, World.Tenant, Hash("data"));
        Assert.Equal(0, await FlushAsync());
        Clock.Advance(TimeSpan.FromMinutes(1));
        World.Access.Touch(World.Store, World.Tenant, Hash("data"));
        Assert.Equal(1, await FlushAsync());
        Assert.True(await World.Access.FindAsync(World.Store, World.Tenant, Hash("data"), default) > minute);

        async Task<int> FlushAsync()
        {
            var flush = World.Access.FlushAsync(default);
            while (!flush.IsCompleted)
            {
                // The pauses between batches are on the test's clock; they are too short to leave the minute.
                await Task.Yield();
                if (Clock.Armed > 0)
                {
                    Clock.Advance(TimeSpan.FromMilliseconds(50));
                }
            }

            return await flush;
        }
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Tests.Policies;

/// <summary>Which chunks the tasks take, where from, and which they leave.</summary>
public sealed class PolicyChoiceTests(PolicyFixture fixture) : PolicyCase(fixture)
{
    [Fact]
    [Trait("Behaviour", "G6")]
    public async Task With_keep_source_a_drain_copies_and_lets_nothing_go()
    {
        await DrainAsync();
        var run = await World.RunAsync(MaintenanceTaskKind.Drain, Scope, A, keepSource: true);
        Assert.Equal(6, run.Chunks);
        Assert.Equal(6, (await World.StoredAsync(A, Scope.Tenant)).Count);
        Assert.Equal(6, (await World.StoredAsync(B, Scope.Tenant)).Count);
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D33")]
    public async Task Populate_reads_from_a_store_that_the_scope_does_not_have()
    {
        // The scope's only copy lies in a store that it detached: only another scope reads there.
        var far = await World.AddStoreAsync("far");
        var tenant = await World.AddTenantAsync("third");
        var other = await World.AddScopeAsync(tenant, "other", new AttachmentSettings { Store = far, UploadPriority = 1 });
        var mine = await World.AddScopeAsync(
            tenant, "mine", new AttachmentSettings { Store = far, UploadPriority = 1 }, new AttachmentSettings { Store = B, Populate = true });
        await World.WriteAsync(other, "shared", far);
        await World.WriteAsync(mine, "shared", far);
        var scopes = World.Get<ScopeCatalog>();
        var leaving = await scopes.MarkLeavingAsync(tenant, mine.Id, far, default);
        await scopes.CompleteDetachAsync(tenant, mine.Id, far, leaving.Attempt, null, default);
        var run = await World.RunAsync(MaintenanceTaskKind.Populate, mine, B);
        Assert.Equal((1, 0), (run.Chunks, run.Count(FindingKind.Error)));
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D44")]
    public async Task A_chunk_that_many_files_share_is_counted_and_moved_once()
    {
        var single = (await World.Get<PolicyCatalog>().ClaimAsync(Scope.Tenant, Scope.Id, A, null, 100, default)).Bytes;
        for (var i = 0; i < 3; i++)
        {
            var copied = await World.Grain(Scope).ApplyAsync(new CopyFile { From = FilePath.Parse("f0"), To = FilePath.Parse($"again{i}"), By = "test" }, default);
            Assert.Equal(NamespaceStatus.Done, copied.Status);
        }

        Assert.Equal(single, (await World.Get<PolicyCatalog>().ClaimAsync(Scope.Tenant, Scope.Id, A, null, 100, default)).Bytes);
        await DrainAsync();
        Assert.Equal(6, (await RunDrainAsync()).Chunks);
        await AssertMovedAsync();
    }

    [Fact]
    [Trait("Behaviour", "D38")]
    public async Task A_store_is_not_drained_to_one_that_is_drained_itself()
    {
        await DrainAsync();
        var refused = await World.Get<ScopeCatalog>().PutAttachmentAsync(
            Scope.Tenant, Scope.Id, new AttachmentSettings { Store = B, UploadPriority = 50, Drain = true, DrainTo = A }, null, default);
        Assert.Equal(AdminStatus.Invalid, refused.Status);
        await World.AttachAsync(Scope, new AttachmentSettings { Store = A, UploadPriority = 100, Drain = true, DrainTo = B });
        refused = await World.Get<ScopeCatalog>().PutAttachmentAsync(
            Scope.Tenant, Scope.Id, new AttachmentSettings { Store = B, UploadPriority = 50, Drain = true }, null, default);
        Assert.Equal(AdminStatus.Conflict, refused.Status);
    }

    [Fact]
    public async Task After_uploads_populate_follows_the_change_log_and_does_not_search()
    {
        await SetAsync(MaintenanceTaskKind.Populate);
        Assert.Equal(6, (await World.RunAsync(MaintenanceTaskKind.Populate, Scope, B)).Chunks);
        await World.WriteAsync(Scope, "new", A);
        var progress = await World.Get<PolicyCatalog>().ProgressAsync(Scope.Id, B, default);
        Assert.Equal(6, progress!.Sequence);
        Assert.Equal(1, (await World.RunAsync(MaintenanceTaskKind.Populate, Scope, B, trigger: RunTrigger.Uploads)).Chunks);
        Assert.Equal(7, (await World.Get<PolicyCatalog>().ProgressAsync(Scope.Id, B, default))!.Sequence);

        // Not populated any more, then again: what was known is forgotten.
        await World.AttachAsync(Scope, new AttachmentSettings { Store = B, UploadPriority = 50 });
        Assert.Null(await World.Get<PolicyCatalog>().ProgressAsync(Scope.Id, B, default));
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "G4")]
    [Trait("Behaviour", "D41")]
    public async Task What_was_read_stays_and_what_was_not_moves()
    {
        var access = World.Get<AccessCatalog>();
        foreach (var path in new[] { "f0", "f1", "f4" })
        {
            access.Touch(A, Scope.Tenant, Scope.Files[path]);
        }

        await access.FlushAsync(default);
        await World.SetLimitsAsync(A, 3_000);
        Assert.Equal(3, (await World.RunAsync(MaintenanceTaskKind.ShrinkStore, null, A)).Chunks);
        Assert.Equal(
            new HashSet<ChunkHash> { Scope.Files["f0"], Scope.Files["f1"], Scope.Files["f4"] }, await World.StoredAsync(A, Scope.Tenant));
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D45")]
    public async Task A_stores_limit_takes_from_every_scope_by_last_access_alone()
    {
        var other = await World.AddScopeAsync(
            Scope.Tenant, "other", new AttachmentSettings { Store = A, UploadPriority = 100 }, new AttachmentSettings { Store = B, UploadPriority = 50 });
        for (var i = 0; i < 6; i++)
        {
            await World.WriteAsync(other, $"g{i}", A);
        }

        var access = World.Get<AccessCatalog>();
        foreach (var hash in new[] { Scope.Files["f0"], Scope.Files["f1"], Scope.Files["f2"], other.Files["g0"], other.Files["g1"], other.Files["g2"] })
        {
            access.Touch(A, Scope.Tenant, hash);
        }

        await access.FlushAsync(default);
        await World.SetLimitsAsync(A, 6_000);
        Assert.Equal(6, (await World.RunAsync(MaintenanceTaskKind.ShrinkStore, null, A)).Chunks);
        var left = await World.StoredAsync(A, Scope.Tenant);
        Assert.Equal(3, left.Count(hash => Scope.Files.ContainsValue(hash)));
        Assert.Equal(3, left.Count(hash => other.Files.ContainsValue(hash)));
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task What_is_left_in_a_store_that_its_scope_has_detached_goes()
    {
        await SetAsync(MaintenanceTaskKind.Populate);
        await World.RunAsync(MaintenanceTaskKind.Populate, Scope, B);
        Assert.Equal(AdminStatus.Done, (await World.Grain(Scope).DetachAsync(A, null, default)).Status);
        Assert.Equal(6, (await World.StoredAsync(A, Scope.Tenant)).Count);
        Assert.Equal(6, (await World.RunAsync(MaintenanceTaskKind.ShrinkStore, null, A)).Chunks);
        await AssertMovedAsync();
    }
}

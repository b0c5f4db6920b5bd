using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class NamespaceSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task Each_change_of_a_path_is_the_next_version_and_numbers_never_restart()
    {
        Assert.Equal((1L, true), await VersionAsync(World.PutAsync("a", "one")));
        Assert.Equal((2L, false), await VersionAsync(World.PutAsync("a", "two")));
        Assert.Equal((3L, false), await VersionAsync(World.DeleteAsync("a")));
        Assert.Null((await World.FindAsync("a")).File);
        await World.RunBackgroundAsync();
        Assert.Equal((4L, true), await VersionAsync(World.PutAsync("a", "three")));
        Assert.Equal((1L, true), await VersionAsync(World.PutAsync("b", "one")));
        Assert.Equal(5, await World.Files.GetHeadAsync(World.Scope, default));

        static async Task<(long, bool)> VersionAsync(Task<NamespaceResult> pending)
        {
            var result = await pending;
            Assert.Equal(NamespaceStatus.Done, result.Status);
            return (result.Version, result.Created);
        }
    }

    [SuiteFact]
    public async Task With_one_kept_version_an_overwrite_lets_the_old_content_go()
    {
        await World.PutAsync("a", "old old");
        await World.PutAsync("a", "new");
        Assert.Equal(3, (await World.Tenants.GetUsageAsync(World.Tenant, default))!.Logical);
        Assert.Null((await World.FindAsync("a", 1)).File);
        await World.RunBackgroundAsync();
        var details = await World.Scopes.GetDetailsAsync(World.Tenant, World.Scope, default);
        Assert.Equal(3, details!.UniqueBytes);
        var version = Assert.Single(await World.Files.VersionsAsync(World.Tenant, World.Scope, Path("a"), null, 10, default));
        Assert.Equal(2, version.Version);
    }

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task The_newest_versions_are_kept_and_version_2_restored_at_4_makes_5()
    {
        var world = await CreateWorldAsync(keepVersions: 4);
        foreach (var content in new[] { "1", "22", "333", "4444" })
        {
            await world.PutAsync("a", content);
        }

        var restored = await world.ApplyAsync(new RestoreFile { By = "test", Path = Path("a"), Version = 2 });
        Assert.Equal((NamespaceStatus.Done, 5L, 2L, Hash("22").ToString()), (restored.Status, restored.Version, restored.Size, restored.Etag));
        var versions = await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), null, 10, default);
        Assert.Equal([5L, 4, 3, 2], versions.Select(static version => version.Version));
        Assert.Equal(2 + 4 + 3 + 2, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Logical);
        Assert.Equal([4L, 3], (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), 5, 2, default)).Select(static version => version.Version));
        Assert.Equal(NamespaceStatus.NotFound, (await world.ApplyAsync(new RestoreFile { By = "test", Path = Path("a"), Version = 1 })).Status);
    }

    [SuiteFact]
    public async Task A_tombstone_is_a_version_and_its_file_can_be_restored()
    {
        var world = await CreateWorldAsync(keepVersions: 3);
        await world.PutAsync("a", "one");
        await world.PutAsync("a", "two");
        await world.DeleteAsync("a");
        var versions = await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), null, 10, default);
        Assert.Equal([(3L, true), (2, false), (1, false)], versions.Select(static version => (version.Version, version.Deleted)));
        Assert.True((await world.FindAsync("a", 3)).File!.Deleted);
        Assert.Equal("two".Length, (await world.FindAsync("a", 2)).File!.Size);
        Assert.Equal(NamespaceStatus.NotFound, (await world.ApplyAsync(new RestoreFile { By = "test", Path = Path("a"), Version = 3 })).Status);
        var restored = await world.ApplyAsync(new RestoreFile { By = "test", Path = Path("a"), Version = 1 });
        Assert.Equal((NamespaceStatus.Done, 4L, true), (restored.Status, restored.Version, restored.Created));
    }

    [SuiteFact]
    public async Task Days_keep_what_the_number_would_let_go()
    {
        var world = await CreateWorldAsync(keepVersions: 1, keepDays: 2);
        await world.PutAsync("a", "one");
        await world.PutAsync("a", "two");
        Clock.Advance(TimeSpan.FromDays(1));
        await world.PutAsync("a", "three");
        Assert.Equal([3L, 2, 1], (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), null, 10, default)).Select(static version => version.Version));
        Clock.Advance(TimeSpan.FromDays(1.5));
        await world.PutAsync("a", "four");
        Assert.Equal([4L, 3, 2], (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), null, 10, default)).Select(static version => version.Version));
    }

    [SuiteFact]
    public async Task A_lowered_setting_is_caught_up_with_at_the_next_commit()
    {
        var world = await CreateWorldAsync(keepVersions: 10);
        for (var i = 0; i < 6; i++)
        {
            await world.PutAsync("a", $"content {i}");
        }

        await world.Scopes.UpdateAsync(world.Tenant, world.Scope, new ScopeSettings { KeepVersions = 2 }, null, default);
        await world.PutAsync("a", "last");
        Assert.Equal([7L, 6], (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path("a"), null, 10, default)).Select(static version => version.Version));
    }

    [SuiteFact]
    public async Task Preconditions_are_decided_against_the_current_version()
    {
        var absent = new Preconditions { IfAbsent = true };
        Assert.Equal(NamespaceStatus.Done, (await World.PutAsync("a", ["one"], preconditions: absent)).Status);
        Assert.Equal(NamespaceStatus.PreconditionFailed, (await World.PutAsync("a", ["two"], preconditions: absent)).Status);
        var match = new Preconditions { IfMatch = ["other", Hash("one").ToString()] };
        Assert.Equal(NamespaceStatus.Done, (await World.PutAsync("a", ["two"], preconditions: match)).Status);
        Assert.Equal(NamespaceStatus.PreconditionFailed, (await World.PutAsync("a", ["three"], preconditions: match)).Status);
        Assert.Equal(NamespaceStatus.PreconditionFailed, (await World.PutAsync("new", ["three"], preconditions: new Preconditions { IfMatchAny = true })).Status);
        Assert.Equal(NamespaceStatus.PreconditionFailed, (await World.PutAsync("a", ["two"], preconditions: new Preconditions { IfNoneMatch = [Hash("two").ToString()] })).Status);
        Assert.Equal(NamespaceStatus.PreconditionFailed, (await World.DeleteAsync("a", match)).Status);
        Assert.Equal(NamespaceStatus.Done, (await World.DeleteAsync("a", new Preconditions { IfMatch = [Hash("two").ToString()] })).Status);
        Assert.Equal(NamespaceStatus.NotFound, (await World.DeleteAsync("a")).Status);
        Assert.Equal(0, (await World.Tenants.GetUsageAsync(World.Tenant, default))!.Reserved);
    }

    [SuiteFact]
    public async Task A_group_is_decided_one_by_one_and_numbered_without_a_gap()
    {
        await World.PutAsync("a", "one");
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 3);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("two"), 3));
        var group = await World.Files.ApplyAsync(
            World.Tenant,
            World.Scope,
            1,
            [
                new DeleteFile { By = "test", Path = Path("missing") },
                CommitOf(upload, "b", ["two"], [placed.Location]),
                new CommitUpload { By = "test", Upload = NewUpload(), Path = Path("c"), Size = 1, ChunkCount = 1, Etag = "x" },
                new DeleteFile { By = "test", Path = Path("a") },
                CommitOf(upload, "b", ["two"], [placed.Location]),
            ],
            default);
        Assert.False(group.HeadMoved);
        Assert.True(group.Released);
        Assert.Equal(
            [NamespaceStatus.NotFound, NamespaceStatus.Done, NamespaceStatus.UploadGone, NamespaceStatus.Done, NamespaceStatus.Done],
            group.Results.Select(static result => result.Status));
        Assert.Equal([0L, 2, 0, 3, 2], group.Results.Select(static result => result.Sequence));
        Assert.True(group.Results[4].Replayed);
        Assert.Equal(3, group.Sequence);
    }

    [SuiteFact]
    public async Task A_stale_head_does_nothing()
    {
        await World.PutAsync("a", "one");
        var group = await World.Files.ApplyAsync(World.Tenant, World.Scope, 0, [new DeleteFile { By = "test", Path = Path("a") }], default);
        Assert.True(group.HeadMoved);
        Assert.Equal(1, group.Sequence);
        Assert.Empty(group.Results);
        Assert.NotNull((await World.FindAsync("a")).File);
    }

    [SuiteFact]
    [Trait("Behaviour", "G12")]
    public async Task The_same_upload_committed_again_gives_the_first_answer_even_when_the_version_has_gone()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 3);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("one"), 3));
        var commit = CommitOf(upload, "a", ["one"], [placed.Location]);
        var first = await World.ApplyAsync(commit);
        await World.PutAsync("a", "two");
        var again = await World.ApplyAsync(commit);
        Assert.Equal(first with { Replayed = true, Sha256 = again.Sha256 }, again);
        Assert.Equal(2, await World.Files.GetHeadAsync(World.Scope, default));
    }

    [SuiteFact]
    public async Task An_answer_under_a_key_of_the_servers_own_is_kept_for_an_hour()
    {
        await World.PutAsync("a", "one");
        var key = OperationKey.Own(Guid.CreateVersion7());
        var first = await World.ApplyAsync(new DeleteFile { By = "test", Path = Path("a"), Operation = key });
        Assert.Equal(first with { Replayed = true }, await World.ApplyAsync(new DeleteFile { By = "test", Path = Path("a"), Operation = key }));
        Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, await World.Operations.PruneAsync(10, default));
        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await World.Operations.PruneAsync(10, default));
    }

    [SuiteFact]
    public async Task An_idempotency_key_gives_the_first_answer_and_lets_the_repeated_bytes_go()
    {
        var key = new OperationKey("k1", "f1");
        var first = await World.ApplyAsync(await StagedAsync("a", "one", key));
        var again = await World.ApplyAsync(await StagedAsync("a", "one", key));
        Assert.Equal(first with { Replayed = true }, again);
        Assert.Equal(0, (await World.Tenants.GetUsageAsync(World.Tenant, default))!.Reserved);
        Assert.Equal(1, await World.Files.GetHeadAsync(World.Scope, default));
        Assert.Equal(again, await World.Operations.FindNamespaceResultAsync(World.Tenant, key, default));

        var staged = await StagedAsync("b", "two", new OperationKey("k1", "f2"));
        Assert.Equal(NamespaceStatus.OperationMismatch, (await World.ApplyAsync(staged)).Status);
        await World.Uploads.AbortAsync(staged.Upload, default);
        Assert.Equal(0, await World.Operations.PruneAsync(10, default));
        Clock.Advance(TimeSpan.FromDays(8));
        Assert.Equal(1, await World.Operations.PruneAsync(10, default));
        Assert.Null(await World.Operations.FindAsync(World.Tenant, key, default));

        async Task<CommitUpload> StagedAsync(string path, string content, OperationKey operation)
        {
            var upload = NewUpload();
            await World.BeginAsync(upload, path, content.Length);
            var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash(content), content.Length));
            return CommitOf(upload, path, [content], placed.Status == PlaceStatus.Write ? [placed.Location] : [], operation);
        }
    }

    [SuiteFact]
    public async Task A_refused_operation_may_be_tried_again_with_its_key()
    {
        var delete = new DeleteFile { By = "test", Path = Path("a"), Operation = new OperationKey("k", "f") };
        Assert.Equal(NamespaceStatus.NotFound, (await World.ApplyAsync(delete)).Status);
        await World.PutAsync("a", "one");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(delete)).Status);
        Assert.True((await World.ApplyAsync(delete)).Replayed);
    }

    [SuiteFact]
    public async Task A_copy_shares_the_manifest_and_counts_against_the_quota()
    {
        var world = await CreateWorldAsync(scopeQuota: 10);
        await world.PutAsync("a", "1234");
        Assert.Equal(NamespaceStatus.Done, (await CopyAsync(world, "a", "b")).Status);
        var refused = await CopyAsync(world, "a", "c");
        Assert.Equal((NamespaceStatus.ScopeQuotaExceeded, (long?)10, (long?)8), (refused.Status, refused.Limit, refused.Used));
        Assert.Equal(NamespaceStatus.Done, (await CopyAsync(world, "a", "b")).Status);
        Assert.Equal(NamespaceStatus.SamePath, (await CopyAsync(world, "a", "a")).Status);
        Assert.Equal(NamespaceStatus.NotFound, (await CopyAsync(world, "x", "y")).Status);
        await world.DeleteAsync("a");
        await world.RunBackgroundAsync();
        Assert.Single((await world.FindAsync("b")).FirstChunks[0].Copies);
    }

    [SuiteFact]
    public async Task A_move_leaves_a_tombstone_and_needs_no_more_quota()
    {
        var world = await CreateWorldAsync(scopeQuota: 4);
        await world.PutAsync("a", "1234");
        var moved = await CopyAsync(world, "a", "b", move: true);
        Assert.Equal((NamespaceStatus.Done, 1L, 2L, true), (moved.Status, moved.Version, moved.Sequence, moved.Created));
        Assert.Null((await world.FindAsync("a")).File);
        Assert.Equal(4, (await world.FindAsync("b")).File!.Size);
        Assert.Equal(new QuotaInfo(null, 4, 0), await world.Tenants.GetUsageAsync(world.Tenant, default));
        var precondition = new Preconditions { IfMatch = ["nope"] };
        Assert.Equal(
            NamespaceStatus.PreconditionFailed,
            (await world.ApplyAsync(new CopyFile { By = "test", From = Path("b"), To = Path("c"), Move = true, Preconditions = precondition })).Status);
        Assert.Equal((3L, true), await NextAsync());

        async Task<(long, bool)> NextAsync()
        {
            await world.DeleteAsync("b");
            var put = await world.PutAsync("a", "12");
            return (put.Version, put.Created);
        }
    }

    [SuiteFact]
    public async Task Facts_of_a_commit_are_kept()
    {
        var modified = new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_567);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 6);
        var first = await World.PlaceAsync(World.Chunk(upload, 0, Hash("one"), 3));
        var second = await World.PlaceAsync(World.Chunk(upload, 1, Hash("two"), 3));
        await World.ApplyAsync(CommitOf(upload, "a", ["one", "two"], [first.Location, second.Location]) with
        {
            ContentType = "text/plain",
            Modified = modified,
            Sha256 = Hash("onetwo"),
        });
        var file = (await World.FindAsync("a")).File!;
        Assert.Equal(("text/plain", modified, Clock.GetUtcNow(), (ChunkHash?)Hash("onetwo")), (file.ContentType, file.Modified, file.Committed, file.Sha256));
        Assert.Equal(upload, file.Manifest);
    }

    [SuiteFact]
    public async Task Another_form_of_entity_tag_comes_back_as_it_went_in()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 3);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("one"), 3));
        await World.ApplyAsync(CommitOf(upload, "a", ["one"], [placed.Location]) with { Etag = "something else" });
        var found = await World.FindAsync("a");
        Assert.Equal("something else", found.File!.Etag);
        Assert.Equal(Hash("one"), found.FirstChunks[0].Hash);
    }

    [SuiteFact]
    [Trait("Behaviour", "G15")]
    public async Task Explain_tells_copies_and_references()
    {
        var other = await World.CreateScopeAsync("other");
        await World.PutAsync("a", ["one", "two"]);
        await World.PutAsync("b", ["one"]);
        await World.PutAsync("c", ["one"], other);
        var explained = await World.Files.ExplainAsync(World.Tenant, World.Scope, Path("a"), null, 0, 10, default);
        Assert.Equal([(0, 2L), (1, 1L)], explained!.Select(static chunk => (chunk.Index, chunk.ReferencesHere)));
        Assert.Equal([new KeyValuePair<ScopeId, long>(other, 1)], explained![0].ReferencesElsewhere);
        Assert.Equal((World.Store, LocationState.Stored), (explained[0].Copies[0].Store, explained[0].Copies[0].State));
        Assert.Null(await World.Files.ExplainAsync(World.Tenant, World.Scope, Path("x"), null, 0, 10, default));
    }

    [SuiteFact]
    public async Task Another_tenant_finds_nothing()
    {
        await World.PutAsync("a", ["one", "two"]);
        var manifest = (await World.FindAsync("a")).File!.Manifest;
        var stranger = await World.CreateTenantAsync("stranger");
        Assert.Null((await World.Files.FindAsync(stranger, World.Scope, Path("a"), null, default)).File);
        Assert.Empty(await World.Files.ReadChunksAsync(stranger, manifest, 0, 10, default));
        Assert.Empty(await World.Files.GetCopiesAsync(stranger, Hash("one"), default));
        Assert.Empty((await World.Files.ListAsync(stranger, World.Scope, "", null, null, 10, default)).Items);
    }

    private static Task<NamespaceResult> CopyAsync(CatalogWorld world, string from, string to, bool move = false) =>
        world.ApplyAsync(new CopyFile { By = "test", From = Path(from), To = Path(to), Move = move });
}

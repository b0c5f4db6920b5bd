using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class UploadSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    [SuiteFact]
    public async Task A_small_file_takes_two_writes_and_reads_back()
    {
        await World.GrantAsync(World.Store, 100);
        var upload = NewUpload();
        var begun = await BeginWithAsync(upload, "a", "hello");
        Assert.Equal(UploadStatus.Ok, begun.Status);
        Assert.Equal(PlaceStatus.Write, begun.First!.Status);
        Assert.Equal(World.Store, begun.First.Store);
        Assert.False(begun.First.KnownToScope);
        var result = await World.ApplyAsync(CommitOf(upload, "a", ["hello"], [begun.First.Location]));
        Assert.Equal((NamespaceStatus.Done, 1L, 1L, true, 5L, 0), (result.Status, result.Version, result.Sequence, result.Created, result.Size, result.Deduplicated));

        var found = await World.FindAsync("a");
        Assert.Equal((5L, 1, Hash("hello").ToString(), Hash("hello")), (found.File!.Size, found.File.ChunkCount, found.File.Etag, found.File.Sha256!.Value));
        var chunk = Assert.Single(found.FirstChunks);
        Assert.Equal((0, 5, Hash("hello")), (chunk.Index, chunk.Size, chunk.Hash));
        Assert.Equal([new ChunkCopy(World.Store, begun.First.Location)], chunk.Copies);
    }

    [SuiteFact]
    public async Task A_file_of_many_chunks_keeps_their_order()
    {
        var chunks = Enumerable.Range(0, 40).Select(static i => $"chunk {i % 30}").ToArray();
        var result = await World.PutAsync("big", chunks);
        Assert.Equal(NamespaceStatus.Done, result.Status);
        var found = await World.FindAsync("big");
        Assert.Equal(16, found.FirstChunks.Count);
        var read = await World.Files.ReadChunksAsync(World.Tenant, found.File!.Manifest, 0, 100, default);
        Assert.Equal(chunks.Select(Hash), read.Select(static chunk => chunk.Hash));
        Assert.Equal(chunks.Skip(10).Take(5).Select(Hash), (await World.Files.ManifestAsync(World.Tenant, found.File.Manifest, 10, 5, default)).Select(static entry => entry.Hash));
        Assert.Equal(EtagOf(chunks), found.File.Etag);
        Assert.Null(found.File.Sha256);
    }

    [SuiteFact]
    public async Task An_empty_file_has_no_chunks()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "empty", 0);
        var result = await World.ApplyAsync(CommitOf(upload, "empty", [], []));
        Assert.Equal(NamespaceStatus.Done, result.Status);
        var found = await World.FindAsync("empty");
        Assert.Equal(0, found.File!.Size);
        Assert.Empty(found.FirstChunks);
    }

    [SuiteFact]
    [Trait("Behaviour", "D16")]
    public async Task A_chunk_that_the_scope_can_read_is_not_written_again()
    {
        await World.PutAsync("a", "same");
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("same"), 4));
        Assert.Equal((PlaceStatus.Present, true), (placed.Status, placed.KnownToScope));
        var result = await World.ApplyAsync(CommitOf(upload, "b", ["same"], []));
        Assert.Equal((NamespaceStatus.Done, 1), (result.Status, result.Deduplicated));
        Assert.Equal(1, (await World.Stores.GetSpaceAsync(World.Store, default))!.Chunks);
    }

    [SuiteFact]
    [Trait("Behaviour", "D15")]
    public async Task The_same_hash_with_another_size_is_refused_and_records_nothing()
    {
        await World.PutAsync("a", "same");
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 5);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("same"), 5));
        Assert.Equal(PlaceStatus.SizeMismatch, placed.Status);
        await World.Uploads.AbortAsync(upload, default);
        Assert.Equal(0, (await World.Tenants.GetUsageAsync(World.Tenant, default))!.Reserved);
    }

    [SuiteFact]
    [Trait("Behaviour", "D18")]
    public async Task A_chunk_of_another_scope_counts_as_new_to_this_scope()
    {
        await World.PutAsync("a", "same");
        var other = await World.CreateScopeAsync("other");
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 4, other);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("same"), 4, scope: other));
        Assert.Equal((PlaceStatus.Present, false), (placed.Status, placed.KnownToScope));
        Assert.Equal(0, (await World.ApplyAsync(CommitOf(upload, "b", ["same"], []), other)).Deduplicated);
    }

    [SuiteFact]
    public async Task A_copy_in_a_store_that_the_scope_cannot_read_is_no_hit()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.PutAsync("a", ["same"], candidates: second);
        await World.Scopes.PutAttachmentAsync(World.Tenant, World.Scope, new AttachmentSettings { Store = second, WriteOnly = true }, null, default);
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("same"), 4));
        Assert.Equal((PlaceStatus.Write, World.Store), (placed.Status, placed.Store));

        // The chunk is repeated inside the upload: still no copy that could be read, and unusable stores are none.
        await World.ApplyAsync(CommitOf(upload, "b", ["same"], [placed.Location]));
        var third = NewUpload();
        await World.BeginAsync(third, "c", 4);
        var unusable = await World.PlaceAsync(World.Chunk(third, 0, Hash("same"), 4) with { Unusable = [World.Store] });
        Assert.Equal(PlaceStatus.Write, unusable.Status);
        await World.Uploads.AbortAsync(third, default);
    }

    [SuiteFact]
    [Trait("Behaviour", "D2")]
    public async Task The_first_candidate_that_may_be_written_is_taken_and_asked_for_space_first()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.GrantAsync(World.Store, 100);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var placed = await World.Uploads.PlaceChunkAsync(World.Chunk(upload, 0, Hash("data"), 4, candidates: [second, World.Store]), default);
        Assert.Equal((PlaceStatus.NeedsSpace, (StoreId?)second, 4L), (placed.Status, placed.NeedsSpace, placed.NeededBytes));
        placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4, candidates: [second, World.Store]));
        Assert.Equal((PlaceStatus.Write, second), (placed.Status, placed.Store));
    }

    [SuiteTheory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [Trait("Behaviour", "D1")]
    [Trait("Behaviour", "D5")]
    [Trait("Behaviour", "D6")]
    public async Task Stores_that_are_read_only_or_write_only_take_no_upload(bool readOnly, bool writeOnly)
    {
        await World.Scopes.PutAttachmentAsync(
            World.Tenant, World.Scope, new AttachmentSettings { Store = World.Store, ReadOnly = readOnly, WriteOnly = writeOnly }, null, default);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        Assert.Equal(PlaceStatus.NoStore, (await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4))).Status);
        await World.Uploads.AbortAsync(upload, default);
    }

    [SuiteFact]
    public async Task A_leaving_store_is_no_hit_and_takes_no_upload()
    {
        await World.PutAsync("a", "same");
        await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, World.Store, default);
        var upload = NewUpload();
        await World.BeginAsync(upload, "b", 4);
        Assert.Equal(PlaceStatus.NoStore, (await World.PlaceAsync(World.Chunk(upload, 0, Hash("same"), 4))).Status);
        await World.Uploads.AbortAsync(upload, default);
    }

    [SuiteFact]
    [Trait("Behaviour", "S10")]
    public async Task Quotas_are_reached_exactly_and_a_refusal_says_which_and_by_how_much()
    {
        var world = await CreateWorldAsync(scopeQuota: 10, tenantQuota: 15);
        Assert.Equal(NamespaceStatus.Done, (await world.PutAsync("a", "0123456789")).Status);
        var refused = await world.BeginAsync(NewUpload(), "b", 1);
        Assert.Equal((UploadStatus.ScopeQuotaExceeded, (long?)10, (long?)10), (refused.Status, refused.Limit, refused.Used));
        var other = await world.CreateScopeAsync("other");
        refused = await world.BeginAsync(NewUpload(), "b", 6, other);
        Assert.Equal((UploadStatus.TenantQuotaExceeded, (long?)15, (long?)10), (refused.Status, refused.Limit, refused.Used));
        Assert.Equal(UploadStatus.Ok, (await world.BeginAsync(NewUpload(), "b", 5, other)).Status);
        Assert.Equal(new QuotaInfo(15, 10, 5), await world.Tenants.GetUsageAsync(world.Tenant, default));
    }

    [SuiteFact]
    public async Task An_unknown_length_reserves_chunk_by_chunk()
    {
        var world = await CreateWorldAsync(scopeQuota: 10, maxSize: 10);
        var upload = NewUpload();
        await world.BeginAsync(upload, "a", null);
        Assert.Equal(PlaceStatus.Write, (await world.PlaceAsync(world.Chunk(upload, 0, Hash("0123456"), 7, reserve: true))).Status);
        var refused = await world.PlaceAsync(world.Chunk(upload, 1, Hash("abcd"), 4, reserve: true) with { Candidates = [world.Store] });
        Assert.Equal(PlaceStatus.NoStore, refused.Status);
        await world.Stores.UpdateAsync(world.Store, new FileStoreSettings(), null, default);
        refused = await world.PlaceAsync(world.Chunk(upload, 1, Hash("abcd"), 4, reserve: true));
        Assert.Equal((PlaceStatus.ScopeQuotaExceeded, (long?)10, (long?)7), (refused.Status, refused.Limit, refused.Used));
        await world.AssertInvariantsAsync();
        await world.Uploads.AbortAsync(upload, default);
        Assert.Equal(0, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Reserved);
    }

    [SuiteFact]
    public async Task A_failed_write_is_deleted_and_the_chunk_goes_to_the_next_store()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.GrantAsync(second, 100);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var chunk = World.Chunk(upload, 0, Hash("data"), 4, candidates: [World.Store, second]);
        var first = await World.PlaceAsync(chunk);
        var again = await World.Uploads.ReplaceChunkAsync(chunk with { Candidates = [second] }, first.Location, default);
        Assert.Equal((PlaceStatus.Write, second), (again.Status, again.Store));
        Assert.False(await World.Uploads.ChunksWrittenAsync(upload, [first.Location], default));
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["data"], [again.Location]))).Status);
        var deleting = await World.Reclaim.NextDeletingAsync(World.Store, null, 10, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default);
        Assert.Equal([first.Location], deleting.Select(static copy => copy.Location));
    }

    [SuiteFact]
    public async Task A_replacement_without_space_records_nothing_until_it_has_some()
    {
        var second = await World.AttachNewStoreAsync("second");
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var chunk = World.Chunk(upload, 0, Hash("data"), 4);
        var first = await World.PlaceAsync(chunk);
        Assert.Equal(PlaceStatus.NeedsSpace, (await World.Uploads.ReplaceChunkAsync(chunk with { Candidates = [second] }, first.Location, default)).Status);
        Assert.True(await World.Uploads.ChunksWrittenAsync(upload, [first.Location], default));
        await World.Uploads.AbortAsync(upload, default);
    }

    [SuiteFact]
    public async Task A_report_may_be_repeated()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        Assert.True(await World.Uploads.ChunksWrittenAsync(upload, [placed.Location, placed.Location], default));
        Assert.True(await World.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["data"], [placed.Location]))).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D19")]
    public async Task Two_writers_of_one_new_chunk_both_complete_and_one_copy_stays()
    {
        var (left, right) = (NewUpload(), NewUpload());
        await World.BeginAsync(left, "l", 4);
        await World.BeginAsync(right, "r", 4);
        var first = await World.PlaceAsync(World.Chunk(left, 0, Hash("data"), 4));
        var second = await World.PlaceAsync(World.Chunk(right, 0, Hash("data"), 4));
        Assert.Equal((PlaceStatus.Write, PlaceStatus.Write), (first.Status, second.Status));
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(right, "r", ["data"], [second.Location]))).Status);
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(left, "l", ["data"], [first.Location]))).Status);
        var copies = await World.Files.GetCopiesAsync(World.Tenant, Hash("data"), default);
        Assert.Equal([new ChunkCopy(World.Store, second.Location)], copies);
        Assert.Equal(first.Location, Assert.Single(await World.Reclaim.NextDeletingAsync(World.Store, null, 10, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default)).Location);
    }

    [SuiteFact]
    public async Task Chunks_may_come_in_any_order_and_again_but_not_differently()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 8);
        var second = await World.PlaceAsync(World.Chunk(upload, 1, Hash("next"), 4));
        Assert.Equal(NamespaceStatus.UploadIncomplete, (await World.ApplyAsync(CommitOf(upload, "a", ["data", "next"], [second.Location]))).Status);
        var first = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        Assert.Equal(PlaceStatus.IndexTaken, (await World.PlaceAsync(World.Chunk(upload, 1, Hash("nope"), 4))).Status);
        Assert.Equal(PlaceStatus.Present, (await World.PlaceAsync(World.Chunk(upload, 1, Hash("next"), 4))).Status);
        Assert.Equal(NamespaceStatus.UploadIncomplete, (await World.ApplyAsync(CommitOf(upload, "a", ["data", "next"], []))).Status);
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["data", "next"], [first.Location]))).Status);
    }

    [SuiteFact]
    public async Task An_aborted_upload_gives_everything_back()
    {
        await World.PutAsync("kept", "kept");
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 12);
        await World.PlaceAsync(World.Chunk(upload, 0, Hash("kept"), 4));
        var stored = await World.PlaceAsync(World.Chunk(upload, 1, Hash("data"), 4));
        await World.PlaceAsync(World.Chunk(upload, 2, Hash("next"), 4));
        await World.Uploads.ChunksWrittenAsync(upload, [stored.Location], default);
        var aborted = await World.Uploads.AbortAsync(upload, default);
        Assert.True(aborted.Aborted);
        Assert.Equal([World.Store], aborted.Stores);
        Assert.Equal(new QuotaInfo(null, 4, 0), await World.Tenants.GetUsageAsync(World.Tenant, default));
        Assert.Equal(NamespaceStatus.UploadGone, (await World.ApplyAsync(CommitOf(upload, "a", ["kept", "data", "next"], []))).Status);
        Assert.False((await World.Uploads.AbortAsync(upload, default)).Aborted);
        await World.RunBackgroundAsync();
        var details = await World.Scopes.GetDetailsAsync(World.Tenant, World.Scope, default);
        Assert.Equal((4L, 4L, 1L), (details!.UniqueBytes, details.LogicalBytes, details.Files));
    }

    [SuiteFact]
    public async Task A_life_that_is_over_can_do_nothing()
    {
        await World.GrantAsync(World.Store, 100);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 8);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        await World.Silos.RegisterAsync("silo-1", default);
        Assert.False(await World.Silos.IsAliveAsync(World.Epoch, default));
        Assert.Equal(UploadStatus.EpochDead, (await World.BeginAsync(NewUpload(), "b", 4)).Status);
        Assert.Equal(PlaceStatus.EpochDead, (await World.PlaceAsync(World.Chunk(upload, 1, Hash("next"), 4))).Status);
        Assert.False(await World.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
        Assert.Equal(NamespaceStatus.UploadGone, (await World.ApplyAsync(CommitOf(upload, "a", ["data"], [placed.Location]))).Status);
        Assert.False(await World.GrantAsync(World.Store, 4));
    }

    [SuiteFact]
    public async Task What_a_life_that_is_over_began_is_neither_continued_nor_committed_though_all_its_bytes_are_stored()
    {
        await World.GrantAsync(World.Store, 100);
        var upload = NewUpload();
        await World.BeginAsync(upload, "a", 4);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        Assert.True(await World.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
        World.Epoch = await World.Silos.RegisterAsync("silo-1", default);
        await World.GrantAsync(World.Store, 100);
        Assert.Equal(PlaceStatus.EpochDead, (await World.PlaceAsync(World.Chunk(upload, 1, Hash("next"), 4))).Status);
        Assert.Equal(NamespaceStatus.UploadGone, (await World.ApplyAsync(CommitOf(upload, "a", ["data"], []))).Status);
    }

    [SuiteFact]
    public async Task A_scope_that_is_gone_takes_no_upload()
    {
        await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, force: false, null, default);
        Assert.Equal(UploadStatus.ScopeGone, (await World.BeginAsync(NewUpload(), "a", 4)).Status);
        Assert.Equal(NamespaceStatus.ScopeGone, (await World.DeleteAsync("a")).Status);
    }

    [SuiteFact]
    public async Task A_first_chunk_without_space_leaves_an_open_upload_without_it()
    {
        var upload = NewUpload();
        var begun = await BeginWithAsync(upload, "a", "data");
        Assert.Equal((UploadStatus.Ok, PlaceStatus.NeedsSpace), (begun.Status, begun.First!.Status));
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("data"), 4));
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["data"], [placed.Location]))).Status);
    }

    /// <summary>Begins an upload of one chunk in one step with it.</summary>
    private Task<UploadBegun> BeginWithAsync(UploadId upload, string path, string content) => World.Uploads.BeginAsync(
        new BeginUpload
        {
            Tenant = World.Tenant,
            Scope = World.Scope,
            Upload = upload,
            Path = Path(path),
            Size = content.Length,
            Epoch = World.Epoch,
            FirstChunk = World.Chunk(upload, 0, Hash(content), content.Length),
        },
        default);
}

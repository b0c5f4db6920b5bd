using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Collection of chunks that nothing references, and what is left of tenants.</summary>
public abstract class CollectSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private CollectCatalog Collection => field ??= new CollectCatalog(World.Database);

    private DateTimeOffset Now => Clock.GetUtcNow();

    [SuiteFact]
    [Trait("Behaviour", "D48")]
    [Trait("Behaviour", "S7")]
    public async Task An_unreferenced_chunk_survives_until_its_grace_period_ends_and_then_leaves_every_store()
    {
        var second = await World.AttachNewStoreAsync("second");
        await World.PutAsync("a", "content");
        await World.PutAsync("b", ["content"], candidates: [second]);
        await World.DeleteAsync("a");
        await World.DeleteAsync("b");
        await World.RunBackgroundAsync();
        var since = Now;
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await DueAsync(since.AddMilliseconds(-1)));
        var due = Assert.Single(await DueAsync(since));
        Assert.Equal((Hash("content"), 7L), (due.Hash, due.Size));
        Assert.Equal(new TaskTotals(1, 7), await Collection.MeasureAsync(World.Tenant, since, default));

        var page = await Collection.CollectAsync(World.Tenant, since, [due.Hash], default);
        Assert.Equal([CollectOutcome.Condemned], page.Outcomes);
        Assert.NotEmpty(page.Stores);
        Assert.Equal(CollectOutcome.Waits, (await Collection.CollectAsync(World.Tenant, since, [due.Hash], default)).Outcomes[0]);
        Assert.True((await World.Stores.GetSpaceAsync(World.Store, default))!.Charged >= 7);
        await World.RunBackgroundAsync();
        Assert.Equal(1, await Collection.ForgetAsync([(World.Tenant, due.Hash)], default));
        Assert.Empty(await DueAsync(Now));
        Assert.Equal(0, (await World.Stores.GetSpaceAsync(World.Store, default))!.Chunks);
    }

    [SuiteFact]
    [Trait("Behaviour", "G2")]
    public async Task A_dedup_hit_between_the_look_and_the_collection_keeps_the_chunk()
    {
        await PutAndDeleteAsync("a", "content");
        var due = Assert.Single(await DueAsync(Now));
        await World.PutAsync("b", "content");
        Assert.Equal(CollectOutcome.Referenced, (await Collection.CollectAsync(World.Tenant, Now, [due.Hash], default)).Outcomes[0]);
        Assert.Single((await World.FindAsync("b")).FirstChunks[0].Copies);
    }

    [SuiteFact]
    [Trait("Behaviour", "G2")]
    public async Task An_upload_after_the_collection_writes_anew_and_the_late_delete_does_not_hit_it()
    {
        await PutAndDeleteAsync("a", "content");
        await Collection.CollectAsync(World.Tenant, Now, [Hash("content")], default);
        var before = await World.Reclaim.NextDeletingAsync(World.Store, null, 10, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default);
        await World.PutAsync("b", "content");
        var copy = Assert.Single((await World.FindAsync("b")).FirstChunks[0].Copies);
        Assert.NotEqual(before[0].Location, copy.Location);
        await World.Reclaim.LocationsDeletedAsync([before[0].Location], default);
        Assert.Equal(0, await Collection.ForgetAsync([(World.Tenant, Hash("content"))], default));
        Assert.Equal(copy, Assert.Single((await World.FindAsync("b")).FirstChunks[0].Copies));
    }

    [SuiteFact]
    [Trait("Behaviour", "G2")]
    public async Task A_count_that_its_rows_contradict_collects_nothing()
    {
        await World.PutAsync("a", "content");
        await SqlAsync("UPDATE chunk SET refs = 0, unreferenced_since = 0");
        var page = await Collection.CollectAsync(World.Tenant, Now, [Hash("content")], default);
        Assert.Equal([CollectOutcome.Disagrees], page.Outcomes);
        Assert.Single((await World.FindAsync("a")).FirstChunks[0].Copies);
        await SqlAsync("UPDATE chunk SET refs = 1, unreferenced_since = NULL");
    }

    [SuiteFact]
    public async Task A_chunk_without_copies_is_removed_with_its_row()
    {
        var upload = NewUpload();
        await World.BeginAsync(upload, "x", 7);
        var placed = await World.PlaceAsync(World.Chunk(upload, 0, Hash("content"), 7));
        await World.Uploads.AbortAsync(upload, default);
        await World.RunBackgroundAsync();
        Assert.NotEqual(default, placed.Location);
        Assert.Equal(CollectOutcome.Removed, (await Collection.CollectAsync(World.Tenant, Now, [Hash("content")], default)).Outcomes[0]);
        Assert.Empty(await DueAsync(Now));
    }

    [SuiteFact]
    public async Task Pages_of_chunks_of_one_moment_follow_each_other_without_gap()
    {
        await World.PutAsync("a", [.. Enumerable.Range(0, 10).Select(static i => $"chunk {i}")]);
        await World.DeleteAsync("a");
        await World.RunBackgroundAsync();
        var seen = new List<ChunkHash>();
        var position = default(CollectPosition);
        while (await Collection.NextAsync(World.Tenant, Now, position, 3, default) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(static chunk => chunk.Hash));
            position = page[^1].Position;
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(static i => Hash($"chunk {i}")).Order(), seen.Order());
    }

    [SuiteFact]
    public async Task A_deleted_tenants_last_rows_go_with_its_last_chunk()
    {
        await World.PutAsync("a", "content");
        await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, force: true, null, default);
        await World.RunBackgroundAsync();
        Assert.Equal(AdminStatus.Done, (await World.Tenants.DeleteAsync(World.Tenant, null, default)).Status);
        Assert.False(await World.Reclaim.FinishTenantAsync(World.Tenant, default));
        await Collection.CollectAsync(World.Tenant, Now, [Hash("content")], default);
        await World.RunBackgroundAsync();
        Assert.False(await World.Reclaim.FinishTenantAsync(World.Tenant, default));
        await Collection.ForgetAsync([(World.Tenant, Hash("content"))], default);
        Assert.Contains(World.Tenant, (await World.Reclaim.WorkPendingAsync(default)).Tenants);
        Assert.True(await World.Reclaim.FinishTenantAsync(World.Tenant, default));
        Assert.Null((await World.Topology.RefreshAsync(default)).Tenant(World.Tenant));
    }

    private Task<IReadOnlyList<UnreferencedChunk>> DueAsync(DateTimeOffset before) => Collection.NextAsync(World.Tenant, before, default, 100, default);

    private async Task PutAndDeleteAsync(string path, string content)
    {
        await World.PutAsync(path, content);
        await World.DeleteAsync(path);
        await World.RunBackgroundAsync();
    }

    private Task<int> SqlAsync(string text)
    {
        var sql = new Sql(text);
        return World.Database.WriteAsync(session => session.Execute(sql), default);
    }
}

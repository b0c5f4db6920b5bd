using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class StoreSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    [SuiteTheory]
    [Trait("Behaviour", "D9")]
    [InlineData(11L, 10L, false)]
    [InlineData(10L, 10L, true)]
    [InlineData(null, 10L, true)]
    [InlineData(10L, null, true)]
    public async Task The_soft_limit_is_at_most_the_hard_one(long? soft, long? hard, bool accepted)
    {
        var settings = new FileStoreSettings { SoftMaxSize = soft, MaxSize = hard };
        var updated = await World.Stores.UpdateAsync(World.Store, settings, null, default);
        Assert.Equal((accepted ? AdminStatus.Done : AdminStatus.Invalid, accepted ? null : "softMaxSize"), (updated.Status, updated.Field));
    }

    [SuiteFact]
    [Trait("Behaviour", "D49")]
    public async Task Limits_bounds_and_secrets_can_change_and_limits_can_be_unset()
    {
        await World.Stores.UpdateAsync(World.Store, new FileStoreSettings { MaxSize = 100, MaxConcurrentReads = 3, EncryptedSecrets = [1, 2] }, null, default);
        await World.Stores.UpdateAsync(World.Store, new FileStoreSettings { MaxConcurrentWrites = 4, VerifyByBackend = true }, null, default);
        var store = World.Topology.Current.Store(World.Store)!;
        Assert.Equal(new FileStoreSettings { MaxConcurrentWrites = 4, VerifyByBackend = true }, store.Settings);
        Assert.Equal([1, 2], store.EncryptedSecrets!);
    }

    [SuiteTheory]
    [Trait("Behaviour", "D50")]
    [InlineData("""{"path":"/stores/local"}""", true)]
    [InlineData("""{"path":"/stores/local","silo":null}""", true)]
    [InlineData("""{"path":"/elsewhere"}""", false)]
    [InlineData("""{"path":"/stores/local","silo":"other"}""", false)]
    [InlineData("[]", false)]
    [InlineData("{", false)]
    public async Task The_place_of_a_store_cannot_change(string configuration, bool accepted)
    {
        var updated = await World.Stores.UpdateAsync(World.Store, new FileStoreSettings { Configuration = configuration }, null, default);
        Assert.Equal(accepted ? AdminStatus.Done : AdminStatus.Invalid, updated.Status);
    }

    [SuiteFact]
    public async Task An_unknown_backend_or_a_bound_of_zero_is_refused()
    {
        var store = new NewFileStore { Name = "x", Backend = "tape", Configuration = "{}", Settings = new FileStoreSettings() };
        Assert.Equal("backend", (await World.Stores.CreateAsync(store, null, default)).Result.Field);
        Assert.Equal("configuration", (await World.Stores.CreateAsync(store with { Backend = "s3", Configuration = "no" }, null, default)).Result.Field);
        var settings = new FileStoreSettings { MaxConcurrentReads = 0 };
        Assert.Equal("maxConcurrentReads", (await World.Stores.CreateAsync(store with { Backend = "s3", Settings = settings }, null, default)).Result.Field);
    }

    [SuiteFact]
    [Trait("Behaviour", "D51")]
    public async Task A_store_with_chunks_or_scopes_is_deleted_only_by_force_which_queues_its_bytes()
    {
        await World.PutAsync("a", ["one", "two"]);
        var refused = await World.Stores.DeleteAsync(World.Store, false, null, default);
        Assert.Equal(AdminStatus.NotEmpty, refused.Status);
        Assert.Contains("2 chunks", refused.Detail, StringComparison.Ordinal);
        await World.DeleteAsync("a");
        await World.RunBackgroundAsync();
        var unused = await World.AttachNewStoreAsync("unused");
        refused = await World.Stores.DeleteAsync(unused, false, null, default);
        Assert.Equal(AdminStatus.Conflict, refused.Status);
        Assert.Contains("1 scopes", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(AdminStatus.Accepted, (await World.Stores.DeleteAsync(World.Store, true, null, default)).Status);
        Assert.Null(World.Topology.Current.StoreByName("local"));
        Assert.Equal(StoreState.Deleting, World.Topology.Current.Store(World.Store)!.State);
        await World.RunBackgroundAsync();
        Assert.Null((await World.Topology.RefreshAsync(default)).Store(World.Store));
        Assert.NotEqual(World.Store, await World.CreateStoreAsync("local"));
    }

    [SuiteFact]
    public async Task An_unused_store_is_gone_at_once()
    {
        var store = await World.CreateStoreAsync("brief");
        Assert.Equal(AdminStatus.Done, (await World.Stores.DeleteAsync(store, false, null, default)).Status);
        Assert.Null(World.Topology.Current.Store(store));
        Assert.Equal(AdminStatus.NotFound, (await World.Stores.DeleteAsync(store, false, null, default)).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D8")]
    public async Task Space_follows_every_byte_in_and_out()
    {
        foreach (var size in new[] { 4, 10, 1024, 512 })
        {
            await World.PutAsync($"f{size}", new string('x', size));
        }

        var space = await World.Stores.GetSpaceAsync(World.Store, default);
        Assert.Equal((1550L, 4L, 1550L), (space!.Used, space.Chunks, space.Charged - space.UnusedBlocks));
        Assert.True(await World.Silos.EndAsync(World.Epoch, default));
        space = await World.Stores.GetSpaceAsync(World.Store, default);
        Assert.Equal((1550L, 0L), (space!.Charged, space.UnusedBlocks));
        Assert.Equal(AdminStatus.Accepted, (await World.Stores.DeleteAsync(World.Store, true, null, default)).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "D1")]
    [Trait("Behaviour", "G1")]
    public async Task A_limit_is_reached_exactly_and_not_passed_by_one_byte()
    {
        var world = await CreateWorldAsync(maxSize: 100);
        Assert.True(await world.GrantAsync(world.Store, 60));
        Assert.Equal((60L, 60L), await ChargedAsync(world));
        Assert.False(await world.GrantAsync(world.Store, 101));
        Assert.True(await world.GrantAsync(world.Store, 100));
        Assert.Equal((100L, 100L), await ChargedAsync(world));
    }

    [SuiteFact]
    public async Task Plenty_is_given_in_blocks_and_near_the_limit_only_what_is_needed()
    {
        var world = await CreateWorldAsync(maxSize: 1000);
        await world.GrantAsync(world.Store, 10, preferred: 300);
        Assert.Equal((300L, 300L), await ChargedAsync(world));
        await world.GrantAsync(world.Store, 400, preferred: 900);
        Assert.Equal((400L, 400L), await ChargedAsync(world));
    }

    [SuiteFact]
    public async Task Unused_space_of_others_is_taken_back_before_a_request_is_refused()
    {
        var world = await CreateWorldAsync(maxSize: 100);
        await world.GrantAsync(world.Store, 80);
        var second = await world.Silos.RegisterAsync("silo-2", default);
        var grants = await world.Stores.GrantAsync(world.Store, [new BlockRequest(second, 60, 60)], default);
        Assert.Equal(new BlockGrant(60, false, 80), grants[0]);
        Assert.Equal((60L, 60L), await ChargedAsync(world));
        var upload = NewUpload();
        await world.BeginAsync(upload, "a", 30);
        Assert.Equal(PlaceStatus.NeedsSpace, (await world.Uploads.PlaceChunkAsync(world.Chunk(upload, 0, Hash("x"), 30), default)).Status);
        Assert.Equal(PlaceStatus.Write, (await world.PlaceAsync(world.Chunk(upload, 0, Hash("x"), 30))).Status);
    }

    [SuiteFact]
    public async Task Requests_of_one_silo_in_one_transaction_do_not_count_on_the_same_bytes()
    {
        var world = await CreateWorldAsync(maxSize: 100);
        var request = new BlockRequest(world.Epoch, 40, 40);
        var grants = await world.Stores.GrantAsync(world.Store, [request, request, request], default);
        Assert.Equal([false, false, true], grants.Select(static grant => grant.Refused));
        Assert.Equal((80L, 80L), await ChargedAsync(world));
    }

    [SuiteFact]
    public async Task A_limit_below_what_is_held_is_refused_and_unused_space_makes_way()
    {
        await World.PutAsync("a", "0123456789");
        var refused = await World.Stores.UpdateAsync(World.Store, new FileStoreSettings { MaxSize = 9 }, null, default);
        Assert.Equal((AdminStatus.Conflict, "maxSize"), (refused.Status, refused.Field));
        Assert.Equal(AdminStatus.Done, (await World.Stores.UpdateAsync(World.Store, new FileStoreSettings { MaxSize = 10 }, null, default)).Status);
        Assert.Equal((10L, 0L), await ChargedAsync(World));
    }

    private static async Task<(long Charged, long Unused)> ChargedAsync(CatalogWorld world)
    {
        var space = await world.Stores.GetSpaceAsync(world.Store, default);
        return (space!.Charged, space.UnusedBlocks);
    }

    [SuiteFact]
    public async Task What_uploads_brought_in_is_told_for_the_last_week_and_moves_do_not_count()
    {
        await World.Stores.NoteIntakeAsync(default);
        await World.PutAsync("first", new string('x', 1_000));
        await World.PutAsync("again", new string('x', 1_000));
        Assert.Equal(1_000, await World.Stores.GetWeekAsync(World.Store, default));
        for (var day = 1; day <= 7; day++)
        {
            Clock.Advance(TimeSpan.FromDays(1));
            await World.Stores.NoteIntakeAsync(default);
            await World.PutAsync($"of day {day}", new string((char)('a' + day), 10));
        }

        // The first day is the seventh before today, noted at its beginning; a day later it is out.
        Assert.Equal(1_070, await World.Stores.GetWeekAsync(World.Store, default));
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(70, await World.Stores.GetWeekAsync(World.Store, default));
        Assert.Equal(0, await World.Stores.GetWeekAsync(await World.CreateStoreAsync("other"), default));

        // Nobody noted for a month: what came in before is still told apart from what came in since.
        Clock.Advance(TimeSpan.FromDays(30));
        await World.Stores.NoteIntakeAsync(default);
        await World.PutAsync("late", new string('z', 5));
        Assert.Equal(15, await World.Stores.GetWeekAsync(World.Store, default));
        await World.DeleteAsync("first");
        await World.DeleteAsync("again");
        await World.RunBackgroundAsync();
        Assert.Equal(15, await World.Stores.GetWeekAsync(World.Store, default));
    }
}

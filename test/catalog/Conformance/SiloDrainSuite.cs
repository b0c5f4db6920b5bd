using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Silos that are drained: what the rows let nobody do any more, and what they say of how far it is.</summary>
public abstract class SiloDrainSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private const string Silo = "silo-3";

    private SiloDrainCatalog Drains => new(World.Database, World.Topology);

    [SuiteFact]
    public async Task A_store_of_a_drained_silo_takes_no_upload_though_it_is_named_as_the_candidate()
    {
        var own = await AttachOwnStoreAsync("own");
        Assert.Equal(own, (await PlaceAsync("before", own)).Store);
        Assert.Equal(AdminStatus.Accepted, (await Drains.BeginAsync(Silo, "me", null, default)).Result.Status);

        var upload = NewUpload();
        Assert.Equal(UploadStatus.Ok, (await World.BeginAsync(upload, "after", 5)).Status);
        var placed = await World.Uploads.PlaceChunkAsync(World.Chunk(upload, 0, Hash("after"), 5, candidates: [own]), default);
        Assert.Equal(PlaceStatus.NoStore, placed.Status);
        Assert.Equal(World.Store, (await PlaceAsync("other", own, World.Store)).Store);
    }

    [SuiteFact]
    public async Task An_upload_does_not_rely_on_a_copy_that_a_drained_silo_holds()
    {
        var own = await AttachOwnStoreAsync("own");
        await World.PutAsync("a", ["content"], candidates: [own]);
        Assert.Equal(PlaceStatus.Present, (await PlaceAsync("content", World.Store)).Status);
        await Drains.BeginAsync(Silo, "me", null, default);
        var placed = await PlaceAsync("content", World.Store);
        Assert.Equal((PlaceStatus.Write, World.Store), (placed.Status, placed.Store));
    }

    [SuiteFact]
    public async Task A_drained_silo_is_drained_until_that_is_taken_back_and_then_takes_uploads_again()
    {
        var own = await AttachOwnStoreAsync("own");
        var run = (await Drains.BeginAsync(Silo, "me", null, default)).Id!.Value;
        Assert.True((await World.Topology.RefreshAsync(default)).Store(own)!.IsEmptied);
        Assert.Equal((Silo, "me", run), Assert.Single(await Drains.ListAsync(default)) is var drain ? (drain.Silo, drain.Actor, drain.Run) : default);

        // Asked for again, it is the run that is under way; a run that has ended is followed by another one.
        Assert.Equal(run, (await Drains.BeginAsync(Silo, "me", null, default)).Id);
        await new RunCatalog(World.Database).CancelAsync(run, default);
        var second = (await Drains.BeginAsync(Silo, "you", null, default)).Id!.Value;
        Assert.NotEqual(run, second);
        Assert.Equal(drain.Since, Assert.Single(await Drains.ListAsync(default)).Since);

        Assert.Equal(AdminStatus.Done, (await Drains.EndAsync(Silo, default)).Status);
        Assert.Equal(AdminStatus.Done, (await Drains.EndAsync(Silo, default)).Status);
        Assert.Empty(await Drains.ListAsync(default));
        Assert.Equal(RunState.Cancelled, (await new RunCatalog(World.Database).FindAsync(second, default))!.Run.State);
        Assert.Equal(own, (await PlaceAsync("again", own)).Store);
    }

    [SuiteFact]
    public async Task A_repeat_under_one_idempotency_key_gives_the_same_run()
    {
        await AttachOwnStoreAsync("own");
        var key = new OperationKey("once", "print");
        var first = await Drains.BeginAsync(Silo, "me", key, default);
        await new RunCatalog(World.Database).CancelAsync(first.Id!.Value, default);
        Assert.Equal(first.Id, (await Drains.BeginAsync(Silo, "me", key, default)).Id);
    }

    [SuiteFact]
    public async Task A_silo_whose_store_is_the_only_one_of_a_scope_is_refused_and_nothing_changes()
    {
        var own = await AttachOwnStoreAsync("own");
        var alone = await World.CreateScopeAsync("alone");
        Assert.Equal(AdminStatus.Created, (await World.Scopes.PutAttachmentAsync(World.Tenant, alone, new AttachmentSettings { Store = own }, null, default)).Status);
        foreach (var unfit in new[] { new AttachmentSettings { Store = World.Store, ReadOnly = true }, new AttachmentSettings { Store = World.Store, WriteOnly = true } })
        {
            await World.Scopes.PutAttachmentAsync(World.Tenant, alone, unfit, null, default);
            var refused = (await Drains.BeginAsync(Silo, "me", null, default)).Result;
            Assert.Equal(AdminStatus.NoTarget, refused.Status);
            Assert.Contains("'own'", refused.Detail, StringComparison.Ordinal);
            Assert.Contains("'alone'", refused.Detail, StringComparison.Ordinal);
        }

        Assert.Empty(await Drains.ListAsync(default));
        Assert.False(World.Topology.Current.Store(own)!.IsEmptied);
        await World.Scopes.PutAttachmentAsync(World.Tenant, alone, new AttachmentSettings { Store = World.Store }, null, default);
        Assert.Equal(AdminStatus.Accepted, (await Drains.BeginAsync(Silo, "me", null, default)).Result.Status);
    }

    [SuiteFact]
    public async Task Two_stores_of_one_silo_are_no_way_out_for_each_other()
    {
        var first = await AttachOwnStoreAsync("own");
        var second = await AttachOwnStoreAsync("own-too");
        var alone = await World.CreateScopeAsync("alone");
        await World.Scopes.PutAttachmentAsync(World.Tenant, alone, new AttachmentSettings { Store = World.Store, ReadOnly = true }, null, default);
        foreach (var store in new[] { first, second })
        {
            var attached = await World.Scopes.PutAttachmentAsync(World.Tenant, alone, new AttachmentSettings { Store = store }, null, default);
            Assert.True(attached.Status == AdminStatus.Created, attached.Detail);
        }

        Assert.Equal(AdminStatus.NoTarget, (await Drains.BeginAsync(Silo, "me", null, default)).Result.Status);
    }

    [SuiteFact]
    public async Task An_unknown_silo_is_not_found_and_one_without_a_local_store_is_drained_at_once()
    {
        Assert.Equal(AdminStatus.NotFound, (await Drains.BeginAsync("nobody", "me", null, default)).Result.Status);
        Assert.Equal(AdminStatus.NotFound, (await Drains.EndAsync("nobody", default)).Status);
        await World.Silos.RegisterAsync("bare", default);
        var run = (await Drains.BeginAsync("bare", "me", null, default)).Id!.Value;
        Assert.Equal(RunState.Done, (await new RunCatalog(World.Database).FindAsync(run, default))!.Run.State);
    }

    [SuiteFact]
    public async Task What_is_held_is_needed_while_something_references_it_or_a_living_silo_writes_it()
    {
        var own = await AttachOwnStoreAsync("own");
        await World.PutAsync("a", ["one"], candidates: [own]);
        var held = await Drains.HeldAsync(own, default);
        Assert.Equal((1, 3, true), (held.Chunks, held.Bytes, held.IsNeeded));
        Assert.Single((await Drains.ReferencedAsync(own, null, 10, default)).Chunks);

        await World.DeleteAsync("a");
        while ((await World.Reclaim.UncountPageAsync(World.Tenant, default)).Worked)
        {
        }

        held = await Drains.HeldAsync(own, default);
        Assert.Equal((1, false), (held.Chunks, held.IsNeeded));
        Assert.Empty((await Drains.ReferencedAsync(own, null, 10, default)).Chunks);

        Assert.Equal(PlaceStatus.Write, (await PlaceAsync("two", own)).Status);
        Assert.True((await Drains.HeldAsync(own, default)).IsNeeded);
        await World.Silos.EndAsync(World.Epoch, default);
        Assert.False((await Drains.HeldAsync(own, default)).IsNeeded);
    }

    [SuiteFact]
    public async Task A_copy_of_the_background_is_refused_by_a_drained_store_whatever_it_is_for()
    {
        var own = await AttachOwnStoreAsync("own", populate: true);
        await World.PutAsync("a", ["content"]);
        await World.GrantAsync(own, 7);
        await Drains.BeginAsync(Silo, "me", null, default);
        foreach (var (purpose, scope) in new[] { (CopyPurpose.Populate, World.Scope), (CopyPurpose.Repair, (ScopeId?)null), (CopyPurpose.Drain, World.Scope) })
        {
            var begun = await new CopyCatalog(World.Database).BeginAsync(
                new BeginCopy { Tenant = World.Tenant, Hash = Hash("content"), Target = own, Epoch = World.Epoch, Purpose = purpose, Scope = scope }, default);
            Assert.Equal(CopyBeginStatus.NotWanted, begun.Status);
        }
    }

    private async Task<StoreId> AttachOwnStoreAsync(string name, bool populate = false)
    {
        var created = await World.Stores.CreateAsync(
            new NewFileStore { Name = name, Backend = "local", Configuration = $$"""{"path":"/stores/{{name}}","silo":"{{Silo}}"}""", Silo = Silo, Settings = new FileStoreSettings() }, null, default);
        var store = created.Id!.Value;
        var tenant = (await World.Topology.GetAsync(default)).Tenant(World.Tenant)!.Settings;
        await World.Tenants.UpdateAsync(World.Tenant, tenant with { Stores = [.. tenant.Stores, store] }, null, default);
        var attached = await World.Scopes.PutAttachmentAsync(World.Tenant, World.Scope, new AttachmentSettings { Store = store, Populate = populate }, null, default);
        Assert.Equal(AdminStatus.Created, attached.Status);
        return store;
    }

    private async Task<ChunkPlaced> PlaceAsync(string content, params StoreId[] candidates)
    {
        var upload = NewUpload();
        Assert.Equal(UploadStatus.Ok, (await World.BeginAsync(upload, content, content.Length)).Status);
        return await World.PlaceAsync(World.Chunk(upload, 0, Hash(content), content.Length, candidates: candidates));
    }
}

using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Sessions whose time is over, and those whose silo, scope or store goes away.</summary>
public abstract class SessionEndSuite(ICatalogEngine engine) : SessionCase(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "S5")]
    [Trait("Behaviour", "G12")]
    public async Task Only_what_is_over_expires_and_gives_everything_back()
    {
        var over = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, over, 0, "aaaa");
        var slid = (await BeginAsync(World, "b", 8)).Session!.Upload;
        await StoreAsync(World, slid, 0, "bbbb");
        Clock.Advance(Lifetime / 2);
        Assert.True(await World.Sessions.SlideAsync(slid, Clock.GetUtcNow() + Lifetime, default));
        Assert.False(await World.Sessions.SlideAsync(slid, Clock.GetUtcNow(), default));
        Clock.Advance(Lifetime / 2);

        // It is over before the background has seen it.
        Assert.Equal(SessionState.Expired, (await World.Sessions.FindAsync(World.Tenant, over, default))!.State);
        Assert.Equal(PlaceStatus.Expired, (await World.PlaceAsync(Chunk(World, over, 1, "cccc"))).Status);
        Assert.NotNull((await ProbeAsync(World, over, (1, "aaaa"))).Refused);
        Assert.False(await World.Sessions.SlideAsync(over, Clock.GetUtcNow() + Lifetime, default));
        Assert.Equal((1, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 10, default)));
        Assert.Equal((0, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 10, default)));
        Assert.Equal(8, await ReservedAsync(World));
        Assert.Equal(NamespaceStatus.UploadGone, (await World.ApplyAsync(CommitOf(over, "a", ["aaaa", "cccc"], []))).Status);
        await World.RunBackgroundAsync();
        await StoreAsync(World, slid, 1, "aaaa");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(slid, "b", ["bbbb", "aaaa"], []))).Status);

        // A day later both are forgotten.
        Assert.Equal(SessionState.Expired, (await World.Sessions.FindAsync(World.Tenant, over, default))!.State);
        Clock.Advance(OperationCatalog.Retention + Lifetime);
        Assert.Equal((0, 2), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 10, default)));
        Assert.Null(await World.Sessions.FindAsync(World.Tenant, over, default));
        Assert.Null(await World.Sessions.FindAsync(World.Tenant, slid, default));
    }

    [SuiteFact]
    public async Task Expiry_goes_by_pages()
    {
        for (var i = 0; i < 7; i++)
        {
            await BeginAsync(World, $"p{i}", 4);
        }

        Clock.Advance(Lifetime);
        Assert.Equal((5, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 5, default)));
        Assert.Equal(8, await ReservedAsync(World));
        Assert.Equal((2, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 5, default)));
        Assert.Equal(0, await ReservedAsync(World));
    }

    [SuiteFact]
    public async Task A_part_whose_silo_died_before_its_bytes_were_stored_is_sent_again_and_a_stored_one_is_not()
    {
        var upload = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, upload, 0, "aaaa");
        Assert.Equal(PlaceStatus.Write, (await World.PlaceAsync(Chunk(World, upload, 1, "bbbb"))).Status);
        World.Epoch = await World.Silos.RegisterAsync("silo-1", default);
        await World.RunBackgroundAsync();
        var parts = await World.Sessions.ReadPartsAsync(World.Tenant, upload, 0, 10, default);
        Assert.Equal([true, false], parts.Select(static part => part.Present));
        Assert.Equal([1], (await ProbeAsync(World, upload, (0, "aaaa"), (1, "bbbb"))).Missing);
        await StoreAsync(World, upload, 1, "bbbb");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["aaaa", "bbbb"], []))).Status);
    }

    [SuiteFact]
    public async Task A_session_goes_with_its_scope()
    {
        var upload = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, upload, 0, "aaaa");
        Assert.Equal(AdminStatus.Accepted, (await World.Scopes.MarkDeletingAsync(World.Tenant, World.Scope, force: true, null, default)).Status);
        await World.RunBackgroundAsync();
        Assert.Equal(SessionState.Aborted, (await World.Sessions.FindAsync(World.Tenant, upload, default))?.State ?? SessionState.Aborted);
        Assert.Equal(0, await ReservedAsync(World));
    }

    [SuiteFact]
    [Trait("Behaviour", "D53")]
    public async Task Parts_in_a_store_that_is_leaving_are_there_and_keep_it_and_nothing_new_relies_on_them()
    {
        var second = await World.AttachNewStoreAsync("second", new AttachmentSettings { Store = default, UploadPriority = 200 });
        var parts = (await BeginAsync(World, "a", 4)).Session!.Upload;
        await StoreAsync(World, parts, World.Chunk(parts, 0, Hash("aaaa"), 4, candidates: second));
        var tus = (await BeginAsync(World, "t", 8, SessionKind.Tus)).Session!.Upload;
        var writer = (await World.Sessions.ClaimWriterAsync(World.Tenant, tus, default)).Writer;
        await StoreAsync(World, tus, World.Chunk(tus, 0, Hash("tttt"), 4, candidates: second) with { Append = new AppendTo(writer, 0) });
        await World.PlaceAsync(World.Chunk(tus, 1, Hash("uuuu"), 4, candidates: second) with { Append = new AppendTo(writer, 4) });

        var marked = await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, second, default);
        Assert.Equal(AdminStatus.Done, marked.Result.Status);
        Assert.True(Assert.Single(await World.Sessions.ReadPartsAsync(World.Tenant, parts, 0, 10, default)).Present);
        Assert.Equal(4, (await World.Sessions.ClaimWriterAsync(World.Tenant, tus, default)).Session!.Received);
        var other = (await BeginAsync(World, "b", 4)).Session!.Upload;
        Assert.Equal([0], (await ProbeAsync(World, other, (0, "aaaa"))).Missing);
        Assert.NotNull(await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, second, default));
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(parts, "a", ["aaaa"], []))).Status);
        await World.Scopes.PutBackAsync(World.Tenant, World.Scope, second, marked.Attempt, default);
    }

    [SuiteFact]
    public async Task What_was_stored_where_the_scope_is_about_to_leave_is_there_until_it_has_left()
    {
        var second = await World.AttachNewStoreAsync("second");
        var upload = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, upload, World.Chunk(upload, 0, Hash("aaaa"), 4, reserve: false, candidates: second));
        var tus = (await BeginAsync(World, "b", 8, SessionKind.Tus)).Session!.Upload;
        var writer = (await World.Sessions.ClaimWriterAsync(World.Tenant, tus, default)).Writer;
        await StoreAsync(World, tus, World.Chunk(tus, 0, Hash("bbbb"), 4, reserve: false, candidates: second) with { Append = new AppendTo(writer, 0) });
        await World.PlaceAsync(Appended(World, tus, writer, 4, 1, "zz"));

        var attempt = (await World.Scopes.MarkLeavingAsync(World.Tenant, World.Scope, second, default)).Attempt;
        Assert.True(Assert.Single(await World.Sessions.ReadPartsAsync(World.Tenant, upload, 0, 10, default)).Present);
        Assert.Equal(4, (await World.Sessions.ClaimWriterAsync(World.Tenant, tus, default)).Session!.Received);
        Assert.NotNull(await World.Scopes.FindChunkOnlyHereAsync(World.Tenant, World.Scope, second, default));
        await World.Scopes.PutBackAsync(World.Tenant, World.Scope, second, attempt, default);
    }
}

using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Upload sessions: what they hold, which parts they take, and what they become.</summary>
public abstract class SessionSuite(ICatalogEngine engine) : SessionCase(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "S10")]
    public async Task A_session_reserves_its_size_and_a_key_finds_it_again()
    {
        var world = await CreateWorldAsync(scopeQuota: 10);
        var key = new OperationKey("key", "body");
        var first = await BeginAsync(world, "a", 10, operation: key);
        Assert.Equal((UploadStatus.Ok, SessionState.Open, 3), (first.Status, first.Session!.State, first.Session.ExpectedChunks));
        Assert.Equal(10, await ReservedAsync(world));
        Assert.Equal(first.Session.Upload, (await BeginAsync(world, "a", 10, operation: key)).Session!.Upload);
        Assert.True((await BeginAsync(world, "a", 9, operation: key with { Fingerprint = "other" })).Mismatch);
        Assert.Equal(first.Session.Upload, (await world.Sessions.FindByKeyAsync(world.Tenant, key, default))!.Upload);
        Assert.Equal(UploadStatus.ScopeQuotaExceeded, (await BeginAsync(world, "b", 1)).Status);
        Assert.Equal(10, await ReservedAsync(world));
    }

    [SuiteFact]
    [Trait("Behaviour", "S3")]
    public async Task Parts_in_any_order_are_there_and_become_the_version()
    {
        var upload = (await BeginAsync(World, "a", 10)).Session!.Upload;
        await StoreAsync(World, upload, 2, "cc");
        await StoreAsync(World, upload, 0, "aaaa");
        var parts = await World.Sessions.ReadPartsAsync(World.Tenant, upload, 0, 100, default);
        Assert.Equal([(0, 4, true), (2, 2, true)], parts.Select(static part => (part.Index, part.Size, part.Present)));
        Assert.Equal([2], (await World.Sessions.ReadPartsAsync(World.Tenant, upload, 1, 100, default)).Select(static part => part.Index));
        await StoreAsync(World, upload, 1, "bbbb");
        var commit = CommitOf(upload, "a", ["aaaa", "bbbb", "cc"], []);
        var done = await World.ApplyAsync(commit);
        Assert.Equal((NamespaceStatus.Done, 10L), (done.Status, done.Size));

        // The answer stays when the file has gone since, and nothing can be added.
        await World.DeleteAsync("a");
        await World.RunBackgroundAsync();
        Assert.Equal(done.Sequence, (await World.ApplyAsync(commit)).Sequence);
        var session = (await World.Sessions.FindAsync(World.Tenant, upload, default))!;
        Assert.Equal((SessionState.Completed, done.Sequence), (session.State, session.Result!.Sequence));
        Assert.Equal(PlaceStatus.UploadGone, (await World.PlaceAsync(Chunk(World, upload, 3, "dddd"))).Status);
        Assert.Equal(0, await ReservedAsync(World));
    }

    [SuiteFact]
    [Trait("Behaviour", "D16")]
    public async Task An_index_keeps_its_chunk()
    {
        var upload = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, upload, 0, "aaaa");
        Assert.Equal(PlaceStatus.IndexTaken, (await World.PlaceAsync(Chunk(World, upload, 0, "bbbb"))).Status);
        Assert.Equal(PlaceStatus.Present, (await World.PlaceAsync(Chunk(World, upload, 0, "aaaa"))).Status);
        Assert.Equal(4, (await World.Sessions.FindAsync(World.Tenant, upload, default))!.Received);
    }

    [SuiteFact]
    [Trait("Behaviour", "D18")]
    [Trait("Behaviour", "S6")]
    public async Task A_probe_binds_what_this_scope_or_this_upload_has_and_tells_of_nothing_else()
    {
        var other = await World.CreateScopeAsync("other");
        await World.PutAsync("known", ["kkkk"]);
        await World.PutAsync("elsewhere", ["eeee"], other);
        var upload = (await BeginAsync(World, "a", 16)).Session!.Upload;
        await StoreAsync(World, upload, 0, "oooo");
        var probed = await ProbeAsync(World, upload, (1, "kkkk"), (2, "eeee"), (3, "oooo"));
        Assert.Null(probed.Refused);
        Assert.Equal([2], probed.Missing);
        await World.DeleteAsync("known");
        await World.RunBackgroundAsync();
        await StoreAsync(World, upload, 2, "eeee");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["oooo", "kkkk", "eeee", "oooo"], []))).Status);

        // A hash whose length does not fit the place, and a session of another scope.
        var brief = (await BeginAsync(World, "b", 6)).Session!.Upload;
        Assert.Equal([1], (await ProbeAsync(World, brief, (0, "kkkk"), (1, "oooo"))).Missing);
        Assert.NotNull((await World.Sessions.ProbeAsync(World.Tenant, other, brief, [new ProbedPart(0, Hash("eeee"))], World.Epoch, default)).Refused);
    }

    [SuiteFact]
    public async Task Another_tenant_neither_finds_nor_ends_a_session()
    {
        var upload = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, upload, 0, "aaaa");
        var stranger = await World.CreateTenantAsync("stranger");
        Assert.Null(await World.Sessions.FindAsync(stranger, upload, default));
        Assert.Empty(await World.Sessions.ReadPartsAsync(stranger, upload, 0, 10, default));
        Assert.False((await World.Sessions.EndAsync(stranger, upload, SessionState.Aborted, default)).Aborted);
        Assert.Null((await World.Sessions.ClaimWriterAsync(stranger, upload, default)).Session);
        Assert.Equal(SessionState.Open, (await World.Sessions.FindAsync(World.Tenant, upload, default))!.State);
    }

    [SuiteFact]
    public async Task Open_sessions_are_listed_oldest_first_by_pages()
    {
        var begun = new List<UploadId>();
        for (var i = 0; i < 5; i++)
        {
            begun.Add((await BeginAsync(World, $"p{i}", 4)).Session!.Upload);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True((await World.Sessions.EndAsync(World.Tenant, begun[1], SessionState.Aborted, default)).Aborted);
        Assert.False((await World.Sessions.EndAsync(World.Tenant, begun[1], SessionState.Aborted, default)).Aborted);
        var first = await World.Sessions.ListAsync(World.Tenant, World.Scope, null, 3, default);
        var rest = await World.Sessions.ListAsync(World.Tenant, World.Scope, first[^1].Upload, 3, default);
        Assert.Equal([begun[0], begun[2], begun[3], begun[4]], first.Concat(rest).Select(static session => session.Upload));
    }

    [SuiteFact]
    public async Task A_part_that_was_written_twice_at_one_time_does_not_keep_the_session_from_its_end()
    {
        var upload = (await BeginAsync(World, "a", 4)).Session!.Upload;
        var first = await World.PlaceAsync(Chunk(World, upload, 0, "aaaa"));
        var second = await World.PlaceAsync(Chunk(World, upload, 0, "aaaa"));
        Assert.Equal((PlaceStatus.Write, PlaceStatus.Write), (first.Status, second.Status));
        Assert.True(await World.Uploads.ChunksWrittenAsync(upload, [second.Location], default));
        Assert.True((await World.Sessions.FindAsync(World.Tenant, upload, default))!.HasPending);
        await World.Sessions.SettleAsync(upload, default);
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["aaaa"], []))).Status);
        Assert.False(await World.Uploads.ChunksWrittenAsync(upload, [first.Location], default));
        await World.RunBackgroundAsync();
        Assert.Equal(4, (await World.Stores.GetSpaceAsync(World.Store, default))!.Used);
    }

    [SuiteFact]
    public async Task Of_an_unknown_length_only_the_last_part_is_short_and_bytes_are_reserved_as_they_come()
    {
        var upload = (await BeginAsync(World, "a", null)).Session!.Upload;
        await StoreAsync(World, upload, 1, "bbbb");
        Assert.Equal(PlaceStatus.Misfit, (await World.PlaceAsync(Chunk(World, upload, 0, "aa"))).Status);
        await StoreAsync(World, upload, 3, "dd");
        Assert.Equal(PlaceStatus.Misfit, (await World.PlaceAsync(Chunk(World, upload, 4, "eeee"))).Status);
        Assert.Equal(6, await ReservedAsync(World));
        Assert.True((await World.Sessions.EndAsync(World.Tenant, upload, SessionState.Refused, default)).Aborted);
        Assert.Equal(0, await ReservedAsync(World));
        Assert.Equal(SessionState.Refused, (await World.Sessions.FindAsync(World.Tenant, upload, default))!.State);
    }
}

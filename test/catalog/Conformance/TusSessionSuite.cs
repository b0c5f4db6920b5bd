using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Sessions that tus appends to: who may write, and what counts as received.</summary>
public abstract class TusSessionSuite(ICatalogEngine engine) : SessionCase(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "G12")]
    public async Task The_newest_writer_of_a_tus_upload_wins_and_continues_at_what_is_stored()
    {
        var upload = (await BeginAsync(World, "a", 8, SessionKind.Tus)).Session!.Upload;
        var old = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);
        await AppendAsync(World, upload, old.Writer, 0, 0, "aaaa");
        var stalled = await World.PlaceAsync(Appended(World, upload, old.Writer, 4, 1, "zz"));
        var now = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);

        // What the old one never stored is undone; what it had stored stays, and it can do nothing more.
        Assert.Equal((4L, 1), (now.Session!.Received, now.Session.ChunkCount));
        Assert.Equal(PlaceStatus.WriterReplaced, (await World.PlaceAsync(Appended(World, upload, old.Writer, 4, 1, "zz"))).Status);
        Assert.False(await World.Uploads.ChunksWrittenAsync(upload, [stalled.Location], default));
        Assert.Equal(PlaceStatus.WriterReplaced, (await World.PlaceAsync(Appended(World, upload, now.Writer, 3, 1, "bbbb"))).Status);
        await AppendAsync(World, upload, now.Writer, 4, 1, "bbbb");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["aaaa", "bbbb"], []))).Status);
        var late = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);
        Assert.Equal((SessionState.Completed, 0L), (late.Session!.State, late.Writer));
    }

    [SuiteFact]
    public async Task Small_pieces_at_the_end_are_merged_whole_or_not_at_all()
    {
        var upload = (await BeginAsync(World, "a", 6, SessionKind.Tus)).Session!.Upload;
        var writer = (await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default)).Writer;
        await AppendAsync(World, upload, writer, 0, 0, "a");
        await AppendAsync(World, upload, writer, 1, 1, "b");
        await AppendAsync(World, upload, writer, 2, 2, "cd");

        // A process dies with the merged chunk at the side: the pieces are as they were.
        var side = await World.PlaceAsync(Appended(World, upload, writer, 4, SessionCatalog.SideIndex, "abcd"));
        Assert.Equal(PlaceStatus.Write, side.Status);
        Assert.NotEqual(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["a", "b", "cd"], []))).Status);
        var again = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);
        Assert.Equal((4L, 3), (again.Session!.Received, again.Session.ChunkCount));
        Assert.False(await World.Sessions.MergeAsync(upload, writer, 0, side.Location, default));

        side = await World.PlaceAsync(Appended(World, upload, again.Writer, 4, SessionCatalog.SideIndex, "abcd"));
        Assert.True(await World.Sessions.MergeAsync(upload, again.Writer, 0, side.Location, default));
        var parts = await World.Sessions.ReadPartsAsync(World.Tenant, upload, 0, 10, default);
        Assert.Equal([(0, Hash("abcd"), 4)], parts.Select(static part => (part.Index, part.Hash, part.Size)));
        await AppendAsync(World, upload, again.Writer, 4, 1, "ef");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(upload, "a", ["abcd", "ef"], []))).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "U5")]
    public async Task Bytes_whose_checksum_was_never_compared_do_not_count_for_the_next_writer()
    {
        var upload = (await BeginAsync(World, "a", 12, SessionKind.Tus)).Session!.Upload;
        var first = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);
        await AppendAsync(World, upload, first.Writer, 0, 0, "aaaa");
        Assert.True(await World.Sessions.BeginCheckedAsync(upload, first.Writer, default));
        await AppendAsync(World, upload, first.Writer, 4, 1, "bbbb");
        await AppendAsync(World, upload, first.Writer, 8, 2, "cc");
        var second = await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default);
        Assert.Equal((4L, 1), (second.Session!.Received, second.Session.ChunkCount));
        Assert.False(await World.Sessions.EndCheckedAsync(upload, first.Writer, default));
        Assert.True(await World.Sessions.BeginCheckedAsync(upload, second.Writer, default));
        await AppendAsync(World, upload, second.Writer, 4, 1, "dddd");
        Assert.True(await World.Sessions.EndCheckedAsync(upload, second.Writer, default));
        Assert.Equal(8, (await World.Sessions.ClaimWriterAsync(World.Tenant, upload, default)).Session!.Received);
    }

    [SuiteFact]
    public async Task A_length_that_comes_later_is_reserved_by_its_writer()
    {
        var world = await CreateWorldAsync(scopeQuota: 9);
        var upload = (await BeginAsync(world, "a", null, SessionKind.Tus)).Session!.Upload;
        var writer = (await world.Sessions.ClaimWriterAsync(world.Tenant, upload, default)).Writer;
        Assert.Equal(PlaceStatus.ScopeQuotaExceeded, (await world.Sessions.SetSizeAsync(upload, writer, 10, default))!.Status);
        Assert.Equal(PlaceStatus.WriterReplaced, (await world.Sessions.SetSizeAsync(upload, writer - 1, 9, default))!.Status);
        Assert.Null(await world.Sessions.SetSizeAsync(upload, writer, 9, default));
        Assert.Equal(9, await ReservedAsync(world));
        Assert.Equal(9, (await world.Sessions.FindAsync(world.Tenant, upload, default))!.Size);
    }

    [SuiteFact]
    [Trait("Behaviour", "U7")]
    public async Task Content_may_be_completed_by_another_upload_without_a_byte_of_quota_more()
    {
        var world = await CreateWorldAsync(scopeQuota: 8);
        var upload = (await BeginAsync(world, "a", 8, SessionKind.Tus)).Session!.Upload;
        var writer = (await world.Sessions.ClaimWriterAsync(world.Tenant, upload, default)).Writer;
        await AppendAsync(world, upload, writer, 0, 0, "ab");
        await AppendAsync(world, upload, writer, 2, 1, "cdefgh");
        var cut = NewUpload();
        Assert.Equal(UploadStatus.Ok, (await world.BeginAsync(cut, "a", null)).Status);
        await world.Sessions.MoveReservationAsync(upload, cut, 8, default);
        Assert.Equal(8, await ReservedAsync(world));
        await StoreAsync(world, cut, 0, "abcd");
        await StoreAsync(world, cut, 1, "efgh");
        var done = await world.ApplyAsync(CommitOf(cut, "a", ["abcd", "efgh"], []));
        Assert.Equal(NamespaceStatus.Done, done.Status);
        Assert.True((await world.Sessions.CompleteElsewhereAsync(world.Tenant, upload, done, default)).Aborted);
        Assert.False((await world.Sessions.CompleteElsewhereAsync(world.Tenant, upload, done, default)).Aborted);
        Assert.Equal(done.Sequence, (await world.Sessions.FindAsync(world.Tenant, upload, default))!.Result!.Sequence);
        await world.RunBackgroundAsync();
        Assert.Equal(0, await ReservedAsync(world));
    }
}

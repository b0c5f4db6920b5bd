using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Upload sessions: what they hold, who may write, how they end.</summary>
public abstract class SessionSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private const int Part = 4;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(24);

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
    [Trait("Behaviour", "S5")]
    [Trait("Behaviour", "G12")]
    public async Task Only_what_is_over_expires_and_gives_everything_back()
    {
        var over = (await BeginAsync(World, "a", 8)).Session!.Upload;
        await StoreAsync(World, over, 0, "aaaa");
        var slid = (await BeginAsync(World, "b", 8)).Session!.Upload;
        await StoreAsync(World, slid, 0, "bbbb");
        Clock.Advance(s_lifetime / 2);
        Assert.True(await World.Sessions.SlideAsync(slid, Clock.GetUtcNow() + s_lifetime, default));
        Assert.False(await World.Sessions.SlideAsync(slid, Clock.GetUtcNow(), default));
        Clock.Advance(s_lifetime / 2);

        // It is over before the background has seen it.
        Assert.Equal(SessionState.Expired, (await World.Sessions.FindAsync(World.Tenant, over, default))!.State);
        Assert.Equal(PlaceStatus.Expired, (await World.PlaceAsync(Chunk(World, over, 1, "cccc"))).Status);
        Assert.NotNull((await ProbeAsync(World, over, (1, "aaaa"))).Refused);
        Assert.False(await World.Sessions.SlideAsync(over, Clock.GetUtcNow() + s_lifetime, default));
        Assert.Equal((1, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 10, default)));
        Assert.Equal((0, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 10, default)));
        Assert.Equal(8, await ReservedAsync(World));
        Assert.Equal(NamespaceStatus.UploadGone, (await World.ApplyAsync(CommitOf(over, "a", ["aaaa", "cccc"], []))).Status);
        await World.RunBackgroundAsync();
        await StoreAsync(World, slid, 1, "aaaa");
        Assert.Equal(NamespaceStatus.Done, (await World.ApplyAsync(CommitOf(slid, "b", ["bbbb", "aaaa"], []))).Status);

        // A day later both are forgotten.
        Assert.Equal(SessionState.Expired, (await World.Sessions.FindAsync(World.Tenant, over, default))!.State);
        Clock.Advance(OperationCatalog.Retention + s_lifetime);
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

        Clock.Advance(s_lifetime);
        Assert.Equal((5, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 5, default)));
        Assert.Equal(8, await ReservedAsync(World));
        Assert.Equal((2, 0), Counts(await World.Sessions.ExpireDueAsync(World.Tenant, 5, default)));
        Assert.Equal(0, await ReservedAsync(World));
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

    private Task<SessionCreated> BeginAsync(CatalogWorld world, string path, long? size, SessionKind kind = SessionKind.Parts, OperationKey? operation = null) =>
        world.Sessions.CreateAsync(
            new NewSession
            {
                Tenant = world.Tenant,
                Scope = world.Scope,
                Upload = new UploadId(Guid.CreateVersion7(Clock.GetUtcNow())),
                Kind = kind,
                Path = Path(path),
                Size = size,
                ChunkSize = Part,
                Expires = Clock.GetUtcNow() + s_lifetime,
                Operation = operation,
            },
            default);

    private static PlaceChunk Chunk(CatalogWorld world, UploadId upload, int index, string content) =>
        world.Chunk(upload, index, Hash(content), content.Length, reserve: false);

    private static PlaceChunk Appended(CatalogWorld world, UploadId upload, long writer, long offset, int index, string content) =>
        Chunk(world, upload, index, content) with { Append = new AppendTo(writer, offset) };

    /// <summary>A part from its row to its bytes; of an upload of unknown length its bytes are reserved.</summary>
    private static async Task StoreAsync(CatalogWorld world, UploadId upload, int index, string content)
    {
        var session = await world.Sessions.FindAsync(world.Tenant, upload, default);
        await StoreAsync(world, upload, world.Chunk(upload, index, Hash(content), content.Length, reserve: session is { Size: null }));
    }

    private static Task AppendAsync(CatalogWorld world, UploadId upload, long writer, long offset, int index, string content) =>
        StoreAsync(world, upload, Appended(world, upload, writer, offset, index, content));

    private static async Task StoreAsync(CatalogWorld world, UploadId upload, PlaceChunk chunk)
    {
        var placed = await world.PlaceAsync(chunk);
        Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, $"{placed.Status}");
        if (placed.Status == PlaceStatus.Write)
        {
            Assert.True(await world.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
        }
    }

    private static Task<ProbeResult> ProbeAsync(CatalogWorld world, UploadId upload, params (int Index, string Content)[] parts) =>
        world.Sessions.ProbeAsync(world.Tenant, world.Scope, upload, [.. parts.Select(static part => new ProbedPart(part.Index, Hash(part.Content)))], world.Epoch, default);

    private static (int Ended, int Forgotten) Counts(SessionsExpired expired) => (expired.Ended, expired.Forgotten);

    private static async Task<long> ReservedAsync(CatalogWorld world) => (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Reserved;
}

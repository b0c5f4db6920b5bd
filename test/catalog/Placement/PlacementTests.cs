using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

public sealed class PlacementTests(ITestOutputHelper output)
{
    private static readonly StoreId A = new(1);
    private static readonly StoreId B = new(2);
    private static readonly StoreId C = new(3);
    private static readonly StoreId D = new(4);

    [Fact]
    [Trait("Behaviour", "D2")]
    [Trait("Behaviour", "D3")]
    public void Uploads_go_by_priority_descending_null_last_then_by_name()
    {
        var attachments = new[] { Attach(A), Attach(B, upload: 5), Attach(C, upload: 50), Attach(D, upload: 5) };
        Assert.Equal([C, D, B, A], WritePlacement.Candidates(attachments, Named("zeta", "yak", "x", "ant"), static _ => true));
        Assert.Equal([B, A], WritePlacement.Candidates([Attach(A), Attach(B)], Named("b", "a", "", ""), static _ => true));
        Assert.Equal([B, A], WritePlacement.Candidates([Attach(A, upload: -1), Attach(B, upload: 0)], Named("a", "b", "", ""), static _ => true));
    }

    [Fact]
    [Trait("Behaviour", "D1")]
    [Trait("Behaviour", "D5")]
    public void Read_only_write_only_leaving_deleting_and_unusable_stores_take_no_upload()
    {
        Assert.Empty(WritePlacement.Candidates([Attach(A, readOnly: true)], Named("a", "b", "c", "d"), static _ => true));
        Assert.Empty(WritePlacement.Candidates([Attach(A, writeOnly: true)], Named("a", "b", "c", "d"), static _ => true));
        Assert.Empty(WritePlacement.Candidates([Attach(A) with { State = AttachmentState.Leaving }], Named("a", "b", "c", "d"), static _ => true));
        Assert.Empty(WritePlacement.Candidates([Attach(A)], static id => Info(id, "a") with { State = StoreState.Deleting }, static _ => true));
        Assert.Empty(WritePlacement.Candidates([Attach(A)], static _ => null, static _ => true));
        Assert.Equal([B], WritePlacement.Candidates([Attach(A), Attach(B)], Named("a", "b", "c", "d"), static id => id == B));
    }

    [Fact]
    [Trait("Behaviour", "D4")]
    public void A_soft_limit_does_not_keep_uploads_away() =>
        Assert.Equal([A], WritePlacement.Candidates([Attach(A, softMaxSize: 0)], Named("a", "b", "c", "d"), static _ => true));

    [Fact]
    [Trait("Behaviour", "D10")]
    public void Downloads_go_by_download_priority_then_upload_priority_then_this_silo_then_name()
    {
        var copies = new[] { Copy(A), Copy(B), Copy(C), Copy(D) };
        var attachments = new[] { Attach(A), Attach(B, upload: 9), Attach(C, download: 1), Attach(D, download: 1, upload: 3) };
        Assert.Equal([D, C, B, A], Order(copies, attachments, Named("a", "b", "c", "d")));
        var equal = new[] { Attach(A), Attach(B), Attach(C) };
        Assert.Equal([C, B, A], Order([Copy(A), Copy(B), Copy(C)], equal, Named("z", "y", "zz", ""), local: C));
    }

    [Fact]
    [Trait("Behaviour", "D11")]
    [Trait("Behaviour", "D12")]
    public void Read_only_and_leaving_stores_serve_and_write_only_or_detached_ones_do_not()
    {
        Assert.Equal([A], Order([Copy(A)], [Attach(A, readOnly: true)], Named("a", "b", "c", "d")));
        Assert.Equal([A], Order([Copy(A)], [Attach(A) with { State = AttachmentState.Leaving }], Named("a", "b", "c", "d")));
        Assert.Empty(Order([Copy(A)], [Attach(A, writeOnly: true)], Named("a", "b", "c", "d")));
        Assert.Empty(Order([Copy(A)], [Attach(B)], Named("a", "b", "c", "d")));
        Assert.Empty(Order([], [Attach(A)], Named("a", "b", "c", "d")));
    }

    [Fact]
    public void Whatever_the_attachments_the_order_is_total_and_does_not_depend_on_theirs()
    {
        var random = Seeds.Create(output);
        for (var round = 0; round < Seeds.Times(500, 50_000); round++)
        {
            var attachments = Enumerable.Range(1, 1 + random.Next(6))
                .Select(id => Attach(new StoreId(id), Priority(random), Priority(random), random.Next(4) == 0, random.Next(4) == 0)).ToArray();
            var stores = (StoreId id) => Info(id, $"s{id.Value * 7 % 10}");
            var shuffled = attachments.ToArray();
            random.Shuffle(shuffled);
            var first = WritePlacement.Candidates(attachments, stores, static _ => true);
            Assert.Equal(first, WritePlacement.Candidates(shuffled, stores, static _ => true));
            Assert.Equal(attachments.Where(static a => a.Settings is { ReadOnly: false, WriteOnly: false }).Select(static a => a.Settings.Store).ToHashSet(), [.. first]);
            Assert.True(Descends([.. first.Select(id => attachments.Single(a => a.Settings.Store == id).Settings.UploadPriority)]));

            var copies = attachments.Select(static a => Copy(a.Settings.Store)).ToArray();
            var read = Order(copies, attachments, stores);
            random.Shuffle(copies);
            Assert.Equal(read, Order(copies, shuffled, stores));
            Assert.True(Descends([.. read.Select(id => attachments.Single(a => a.Settings.Store == id).Settings.DownloadPriority)]));
        }
    }

    private static int? Priority(Random random) => random.Next(3) == 0 ? null : random.Next(4) - 1;

    private static bool Descends(int?[] priorities) =>
        priorities.Zip(priorities.Skip(1)).All(static pair => pair.Second is null || pair.First >= pair.Second);

    private static StoreId[] Order(ChunkCopy[] copies, AttachmentInfo[] attachments, Func<StoreId, StoreInfo?> stores, StoreId local = default) =>
        [.. ReadPlacement.Order(copies, attachments, stores, id => id == local).Select(static copy => copy.Store)];

    private static ChunkCopy Copy(StoreId store) => new(store, new LocationId(store.Value * 10));

    private static AttachmentInfo Attach(StoreId store, int? upload = null, int? download = null, bool readOnly = false, bool writeOnly = false, long? softMaxSize = null) => new()
    {
        Scope = new ScopeId(1),
        Settings = new AttachmentSettings
        {
            Store = store,
            UploadPriority = upload,
            DownloadPriority = download,
            ReadOnly = readOnly,
            WriteOnly = writeOnly,
            SoftMaxSize = softMaxSize,
        },
    };

    private static Func<StoreId, StoreInfo?> Named(params string[] names) => id => Info(id, names[id.Value - 1]);

    private static StoreInfo Info(StoreId id, string name) => new()
    {
        Id = id,
        Name = name,
        Backend = "local",
        Configuration = "{}",
        Settings = new FileStoreSettings(),
        Created = DateTimeOffset.UnixEpoch,
    };
}

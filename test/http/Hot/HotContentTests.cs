using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Hot;

/// <summary>What is read often from afar comes nearer.</summary>
public sealed class HotContentTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    // What the server does unless told otherwise.
    private const int HotReads = 8;

    [S3Fact, Trait("Behaviour", "G9")]
    public async Task After_some_reads_from_s3_the_next_one_is_served_from_a_copy_in_the_nearer_store()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        var scope = await world.ScopeOnS3Async(proxy.Endpoint);
        var (near, folder) = await world.MakeStoreAsync();
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(near), UploadPriority = 1, DownloadPriority = 1000 });
        var (hot, cold) = (Seeds.Create(output).Bytes(200_000), Seeds.Create(output, 1).Bytes(200_000));
        await HttpWorld.JsonOf(await world.PutAsync(scope, "hot", hot), 201);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "cold", cold), 201);
        Assert.Empty(HttpWorld.ChunkFiles(folder));

        await ReadAsync(scope, "cold", cold);
        for (var i = 0; i < HotReads; i++)
            await ReadAsync(scope, "hot", hot);
        await Eventually.BecomesAsync(() => Copies(scope, "hot").Any(copy => copy.Store == world.StoreOf(near)), "the hot chunk has a copy in the near store");

        proxy.Heads.Clear();
        await ReadAsync(scope, "hot", hot);
        Assert.DoesNotContain(proxy.Heads, head => head[0].StartsWith("GET ", StringComparison.Ordinal) && head[0].Contains("/chunks/", StringComparison.Ordinal));
        Assert.Single(HttpWorld.ChunkFiles(folder));
        Assert.Single(Copies(scope, "cold"));
        Assert.Equal(2, Copies(scope, "hot").Count); // the source keeps its own
    }

    [S3Fact, Trait("Behaviour", "G9"), Trait("Behaviour", "D4")]
    public async Task A_copy_that_would_pass_the_soft_limit_or_that_nobody_would_read_first_is_not_made()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        var scope = await world.ScopeOnS3Async(proxy.Endpoint);
        var (full, fullFolder) = await world.MakeStoreAsync(new FileStoreSettings { SoftMaxSize = 100_000 });
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(full), UploadPriority = 1, DownloadPriority = 2000 });
        var (late, lateFolder) = await world.MakeStoreAsync();
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(late), UploadPriority = 1, DownloadPriority = 1 });
        var (other, otherFolder) = await world.MakeStoreAsync();
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(other), UploadPriority = 1, DownloadPriority = 1000 });
        var content = Seeds.Create(output, 2).Bytes(200_000);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "hot", content), 201);
        for (var i = 0; i < HotReads; i++)
            await ReadAsync(scope, "hot", content);

        // The first has no room, the next in order gets it.
        await Eventually.BecomesAsync(() => HttpWorld.ChunkFiles(otherFolder).Length == 1, "the second choice has the copy");
        Assert.Empty(HttpWorld.ChunkFiles(fullFolder));
        Assert.Empty(HttpWorld.ChunkFiles(lateFolder));
    }

    private IReadOnlyList<ChunkCopy> Copies(string scope, string path) =>
        world.Service<NamespaceCatalog>().FindAsync(world.Tenant, world.ScopeOf(scope), FilePath.Parse(path), null, default)
            .GetAwaiter().GetResult().FirstChunks[0].Copies;

    private async Task ReadAsync(string scope, string path, byte[] content)
    {
        using var get = await world.GetAsync(scope, path);
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }
}

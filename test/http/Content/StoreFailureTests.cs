using System.Net;
using System.Security.Cryptography;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Content;

/// <summary>Stores that are missing, full, broken, or hold wrong bytes: real directories with real faults.</summary>
public sealed class StoreFailureTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    [Fact, Trait("Behaviour", "D6")]
    public async Task Without_a_store_to_write_to_nothing_is_stored()
    {
        var scope = await world.MakeScopeAsync();
        await world.DetachLocalAsync(scope);
        var used = await world.UsedAsync();
        foreach (var size in new[] { 10, Chunk + 1 })
        {
            using var put = await world.PutAsync(scope, "f", new byte[size]);
            await HttpWorld.JsonOf(put, 507, "no-store-available");
        }

        Assert.Equal(used, await world.UsedAsync());
    }

    [Fact, Trait("Behaviour", "D1"), Trait("Behaviour", "D6"), Trait("Behaviour", "D7")]
    public async Task A_store_takes_exactly_its_limit_and_then_no_byte()
    {
        var (store, folder) = await world.MakeStoreAsync(new FileStoreSettings { MaxSize = 10_000 });
        var scope = await ScopeWithAsync((store, 1));
        var random = Seeds.Create(output);
        var puts = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => world.PutAsync(scope, $"f{i}", random.Bytes(1000))));
        Assert.Equal(10, puts.Count(put => put.StatusCode == HttpStatusCode.Created));
        foreach (var refused in puts.Where(put => put.StatusCode != HttpStatusCode.Created))
            await HttpWorld.JsonOf(refused, 507, "no-store-available");
        Assert.Equal(10_000, HttpWorld.ChunkFiles(folder).Sum(file => new FileInfo(file).Length));
    }

    [Fact, Trait("Behaviour", "D13"), Trait("Behaviour", "G7")]
    public async Task A_full_store_is_passed_over_for_the_next()
    {
        var (small, _) = await world.MakeStoreAsync(new FileStoreSettings { MaxSize = 100 });
        var (large, folder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((small, 2), (large, 1));
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", Seeds.Create(output, 2).Bytes(5000)), 201);
        Assert.Single(HttpWorld.ChunkFiles(folder));
    }

    [Theory, Trait("Behaviour", "D13"), Trait("Behaviour", "D17"), Trait("Behaviour", "G7")]
    [InlineData(5000)]
    [InlineData((2 * Chunk) + 7)]
    public async Task A_store_that_fails_is_passed_over_for_the_next(int size)
    {
        var (broken, brokenFolder) = await world.MakeStoreAsync();
        var (good, goodFolder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((broken, 2), (good, 1));
        File.WriteAllText(Path.Combine(brokenFolder, "chunks"), "in the way");

        var content = Seeds.Create(output, 3).Bytes(size);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", content), 201);
        Assert.Equal((size + Chunk - 1) / Chunk, HttpWorld.ChunkFiles(goodFolder).Length);
        using var get = await world.GetAsync(scope, "f");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "D17")]
    public async Task When_every_store_fails_the_answer_is_503_and_nothing_is_stored()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((store, 1));
        File.WriteAllText(Path.Combine(folder, "chunks"), "in the way");
        var used = await world.UsedAsync();
        using var put = await world.PutAsync(scope, "f", Seeds.Create(output, 4).Bytes(100));
        await HttpWorld.JsonOf(put, 503, "unavailable");
        Assert.NotNull(put.Headers.RetryAfter);
        Assert.Equal(used, await world.UsedAsync());
        using var get = await world.GetAsync(scope, "f");
        await HttpWorld.JsonOf(get, 404, "not-found");

        // The store is passed over now: the next is refused before its body is read.
        using var next = await world.PutAsync(scope, "f", new byte[100]);
        await HttpWorld.JsonOf(next, 503, "unavailable");
    }

    [Fact, Trait("Behaviour", "D10"), Trait("Behaviour", "D13"), Trait("Behaviour", "G7")]
    public async Task Corrupt_or_missing_bytes_are_read_from_the_other_copy()
    {
        var (first, firstFolder) = await world.MakeStoreAsync();
        var (second, secondFolder) = await world.MakeStoreAsync();
        var (scope, contents) = await TwoCopiesAsync(first, second);

        var files = HttpWorld.ChunkFiles(firstFolder);
        Overwrite(files[0]);
        File.Delete(files[1]);
        foreach (var (path, content) in contents)
        {
            using var get = await world.GetAsync(scope, path);
            Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
            using var part = await world.GetAsync(scope, path, ("Range", "bytes=10-19"));
            Assert.Equal(content[10..20], await part.Content.ReadAsByteArrayAsync());
        }

        Assert.Single(world.Service<CorruptCopies>().All, copy => copy.Store == world.StoreOf(first));
        Assert.Equal(contents.Count, HttpWorld.ChunkFiles(secondFolder).Length);
    }

    [Fact, Trait("Behaviour", "D47")]
    public async Task A_copy_that_a_reader_found_damaged_is_queued_and_repaired_from_the_other_one()
    {
        var (first, firstFolder) = await world.MakeStoreAsync();
        var (second, _) = await world.MakeStoreAsync();
        var (scope, contents) = await TwoCopiesAsync(first, second);
        var damaged = HttpWorld.ChunkFiles(firstFolder)[0];
        var path = contents.Single(content => Path.GetFileName(damaged).StartsWith(Convert.ToHexStringLower(SHA256.HashData(content.Value)), StringComparison.Ordinal)).Key;
        Overwrite(damaged);
        using var get = await world.GetAsync(scope, path);
        Assert.Equal(contents[path], await get.Content.ReadAsByteArrayAsync());
        await Eventually.BecomesAsync(() => Queued(first) == 1, "the copy is queued for repair");

        await world.Service<IGrainFactory>().GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(world.StoreOf(first))).RunRoundAsync(default);
        Assert.Equal(0, Queued(first));
        var good = HttpWorld.ChunkFiles(firstFolder).Where(file => Path.GetFileName(file)[..64] == Path.GetFileName(damaged)[..64] && file != damaged);
        Assert.Equal(contents[path], File.ReadAllBytes(Assert.Single(good)));
        Assert.Equal([], await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));

        int Queued(string store) =>
            world.Service<RepairCatalog>().AllAsync(100, default).GetAwaiter().GetResult().Count(copy => copy.Store == world.StoreOf(store));
    }

    [Fact, Trait("Behaviour", "D12")]
    public async Task When_no_copy_can_be_read_the_answer_is_503_and_never_wrong_bytes()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((store, 1));
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", Seeds.Create(output, 6).Bytes(9000)), 201);
        Overwrite(HttpWorld.ChunkFiles(folder).Single());
        using var get = await world.GetAsync(scope, "f");
        await HttpWorld.JsonOf(get, 503, "unavailable");
        Assert.Null(get.Headers.ETag);
        using var part = await world.GetAsync(scope, "f", ("Range", "bytes=0-1"));
        await HttpWorld.JsonOf(part, 503, "unavailable");
    }

    [Fact]
    public async Task A_download_that_cannot_be_finished_is_broken_off()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((store, 1));
        var content = Seeds.Create(output, 7).Bytes(6 * Chunk);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", content), 201);
        var last = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content.AsSpan(5 * Chunk)));
        Overwrite(HttpWorld.ChunkFiles(folder).Single(file => file.Contains(last, StringComparison.Ordinal)));
        using var get = await world.Client.GetAsync(HttpWorld.FileUrl(scope, "f"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(content.Length, get.Content.Headers.ContentLength);
        await Assert.ThrowsAnyAsync<Exception>(() => get.Content.ReadAsByteArrayAsync());
        await Eventually.BecomesAsync(() => world.Service<ChunkBufferPool>().InUseBytes == 0, "the buffers are back");
    }

    [Fact, Trait("Behaviour", "D11")]
    public async Task A_read_only_store_still_serves_and_is_not_written()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var scope = await ScopeWithAsync((store, 1));
        await HttpWorld.JsonOf(await world.PutAsync(scope, "f", Seeds.Create(output, 8).Bytes(100)), 201);
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(store), ReadOnly = true });
        using var get = await world.GetAsync(scope, "f");
        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
        using var put = await world.PutAsync(scope, "g", Seeds.Create(output, 9).Bytes(100));
        await HttpWorld.JsonOf(put, 507, "no-store-available");
        Assert.Single(HttpWorld.ChunkFiles(folder));
    }

    [Fact, Trait("Behaviour", "D20"), Trait("Behaviour", "D18")]
    public async Task A_copy_to_another_scope_writes_bytes_only_where_that_scope_has_no_readable_copy()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var from = await world.MakeScopeAsync();
        var same = await world.MakeScopeAsync();
        var apart = await ScopeWithAsync((store, 1));
        var content = Seeds.Create(output, 10).Bytes(Chunk + 99);
        await HttpWorld.JsonOf(await world.PutAsync(from, "f", content, ("Content-Type", "text/plain")), 201);
        var before = HttpWorld.ChunkFiles(world.LocalFolder).Length;
        foreach (var to in new[] { same, apart })
        {
            using var copy = await world.PostAsync($"api/v1/scopes/{from}/files:copy", new { from = "f", to = "copied/f", toScope = to });
            await HttpWorld.JsonOf(copy, 201);
            using var get = await world.GetAsync(to, "copied/f");
            Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
            Assert.Equal("text/plain", get.Content.Headers.ContentType!.MediaType);
        }

        Assert.Equal(before, HttpWorld.ChunkFiles(world.LocalFolder).Length);
        Assert.Equal(2, HttpWorld.ChunkFiles(folder).Length);
    }

    [Fact, Trait("Behaviour", "D20")]
    public async Task A_copy_whose_source_cannot_be_read_is_503_and_stores_nothing()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var from = await ScopeWithAsync((store, 1));
        var to = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(from, "f", Seeds.Create(output, 11).Bytes(1000)), 201);
        File.Delete(HttpWorld.ChunkFiles(folder).Single());
        var used = await world.UsedAsync();
        using var copy = await world.PostAsync($"api/v1/scopes/{from}/files:copy", new { from = "f", to = "f", toScope = to });
        await HttpWorld.JsonOf(copy, 503, "unavailable");
        Assert.Equal(used, await world.UsedAsync());
    }

    [Fact, Trait("Behaviour", "D19")]
    public async Task Uploads_of_the_same_new_content_at_one_time_all_complete()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output, 12).Bytes(Chunk + 4096);
        var puts = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => world.PutAsync(scope, $"same{i}", content)));
        foreach (var put in puts)
            await HttpWorld.JsonOf(put, 201);
        foreach (var i in Enumerable.Range(0, 8))
        {
            using var get = await world.GetAsync(scope, $"same{i}");
            Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        }
    }

    /// <summary>Files of one chunk that have a copy in both stores: written to the second for another scope first.</summary>
    private async Task<(string Scope, Dictionary<string, byte[]> Contents)> TwoCopiesAsync(string first, string second)
    {
        var other = await ScopeWithAsync((second, 1));
        var scope = await ScopeWithAsync((first, 1));
        var random = Seeds.Create(output, 5);
        var contents = new Dictionary<string, byte[]>();
        for (var i = 0; i < 3; i++)
        {
            contents[$"f{i}"] = random.Bytes(70_000 + i);
            await HttpWorld.JsonOf(await world.PutAsync(other, $"f{i}", contents[$"f{i}"]), 201);
            await HttpWorld.JsonOf(await world.PutAsync(scope, $"f{i}", contents[$"f{i}"]), 201);
        }

        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(first), UploadPriority = 1, DownloadPriority = 9 });
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(second), DownloadPriority = 1 });
        return (scope, contents);
    }

    private async Task<string> ScopeWithAsync(params (string Store, int Priority)[] stores)
    {
        var scope = await world.MakeScopeAsync();
        foreach (var (store, priority) in stores)
            await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(store), UploadPriority = priority });
        await world.DetachLocalAsync(scope);
        return scope;
    }

    private static void Overwrite(string file)
    {
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var stream = File.OpenWrite(file);
        stream.Position = stream.Length / 2;
        stream.Write("spoilt"u8);
    }
}

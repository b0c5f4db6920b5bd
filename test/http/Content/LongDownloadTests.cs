using System.Security.Cryptography;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Content;

/// <summary>Downloads that are under way when their file changes.</summary>
public sealed class LongDownloadTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_download_ends_equal_although_its_file_was_replaced_and_uncounted_meanwhile(bool delete)
    {
        // More chunks than a lookup carries and a page of the manifest holds.
        var content = Seeds.Create(output).Bytes((56 * Chunk) + 12_345);
        var scope = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(scope, "long", content), 201);
        var file = (await world.Service<NamespaceCatalog>().FindAsync(world.Tenant, world.ScopeOf(scope), FilePath.Parse("long"), null, default)).File!;

        using var response = await world.Client.GetAsync(HttpWorld.FileUrl(scope, "long"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var got = new byte[content.Length];
        await body.ReadExactlyAsync(got.AsMemory(0, Chunk));

        using var change = delete
            ? await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "long"))
            : await world.PutAsync(scope, "long", [1, 2, 3]);
        Assert.True(change.IsSuccessStatusCode);
        await world.Service<IGrainFactory>().GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(world.Tenant)).RunRoundAsync(default);
        var details = await world.Service<ScopeCatalog>().GetDetailsAsync(world.Tenant, world.ScopeOf(scope), default);
        Assert.Equal(delete ? 0 : 3, details!.UniqueBytes); // nothing references the old chunks any more
        Assert.NotEqual(0, (await world.Service<NamespaceCatalog>().ReadChunksAsync(world.Tenant, file.Manifest, 0, 1, default)).Single().Index);

        await body.ReadExactlyAsync(got.AsMemory(Chunk)).AsTask().WithinAsync("the rest of the download", TimeSpan.FromSeconds(60));
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(got));
        Assert.Equal(0, await body.ReadAsync(new byte[1]));
    }
}

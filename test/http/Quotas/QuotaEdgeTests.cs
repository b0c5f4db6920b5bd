using System.Net;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Quotas;

/// <summary>Two hundred uploads at one time where there is room for some of them: those that have room, and no others, end.</summary>
public sealed class QuotaEdgeTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Uploads = 200;
    private const int Size = 3_001;
    private const int Room = 61;
    private const int Rest = 1_234;
    private const long Limit = ((long)Room * Size) + Rest;

    [Fact]
    [Trait("Behaviour", "G1")]
    public async Task Parallel_uploads_end_exactly_at_the_quota_of_their_scope()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = Limit });
        await VanishAsync(scope);
        await FillAsync(scope, "quota-exceeded", async () => (await DetailsAsync(scope)).LogicalBytes);
        Assert.Equal(0, (await DetailsAsync(scope)).ReservedBytes);
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    public async Task Parallel_uploads_to_several_scopes_end_exactly_at_the_quota_of_their_tenant()
    {
        string[] scopes = [await world.MakeScopeAsync(), await world.MakeScopeAsync(), await world.MakeScopeAsync()];
        var before = await world.UsedAsync();
        await world.ChangeTenantAsync(settings => settings with { QuotaBytes = before + Limit });
        try
        {
            await VanishAsync(scopes);
            await FillAsync(scopes, "quota-exceeded", async () => await world.UsedAsync() - before);
        }
        finally
        {
            await world.ChangeTenantAsync(settings => settings with { QuotaBytes = null });
        }
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    [Trait("Behaviour", "D7")]
    public async Task Parallel_uploads_end_exactly_at_the_limit_of_their_store()
    {
        var (store, folder) = await world.MakeStoreAsync(new FileStoreSettings { MaxSize = Limit });
        var scope = await world.MakeScopeAsync();
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(store) });
        await world.DetachLocalAsync(scope);
        await FillAsync(scope, "no-store-available", () => Task.FromResult(HttpWorld.ChunkFiles(folder).Sum(static file => new FileInfo(file).Length)));
        Assert.Equal(Limit, (await world.Service<StoreCatalog>().GetSpaceAsync(world.StoreOf(store), default))!.Charged);
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    public async Task Parallel_overwrites_need_room_for_old_and_new_and_give_the_old_back()
    {
        const int Files = 10;
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = (Files + 1) * Size });
        for (var i = 0; i < Files; i++)
            await PutAsync(scope, $"f{i}", i, Size, HttpStatusCode.Created);

        // One overwrite at a time has room; whichever come together are refused but for one.
        var puts = await Task.WhenAll(Enumerable.Range(0, Uploads).Select(i => StatusOfAsync(scope, $"f{i % Files}", 1_000 + i, Size)));
        Assert.Contains(HttpStatusCode.OK, puts);
        Assert.All(puts, static status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.InsufficientStorage, $"{status}"));
        var details = await DetailsAsync(scope);
        Assert.Equal((Files * Size, 0), (details.LogicalBytes, details.ReservedBytes));
        await PutAsync(scope, "f0", 9_999, Size, HttpStatusCode.OK);
    }

    [Fact]
    [Trait("Behaviour", "G1")]
    public async Task Bodies_of_unknown_length_that_the_quota_cuts_off_give_back_what_they_reserved()
    {
        const int Chunk = 4 << 20;
        const long Quota = (6L * Chunk) + 5;
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = Quota });
        var puts = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var put = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl(scope, $"f{i}"), new UnknownLength(Seeds.Create(i).Bytes(Chunk + 1_000)));
            return put.StatusCode;
        }));
        Assert.All(puts, static status => Assert.True(status is HttpStatusCode.Created or HttpStatusCode.InsufficientStorage, $"{status}"));
        var stored = puts.Count(static status => status == HttpStatusCode.Created) * (Chunk + 1_000L);
        var details = await DetailsAsync(scope);
        Assert.Equal((stored, 0), (details.LogicalBytes, details.ReservedBytes));
        using var rest = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl(scope, "rest"), new UnknownLength(Seeds.Create(99).Bytes((int)(Quota - stored))));
        await HttpWorld.JsonOf(rest, 201);
        Assert.Equal(Quota, (await DetailsAsync(scope)).LogicalBytes);
    }

    private Task FillAsync(string scope, string code, Func<Task<long>> used) => FillAsync([scope], code, used);

    private async Task FillAsync(string[] scopes, string code, Func<Task<long>> used)
    {
        var salt = Seeds.Create(output).Next();
        var puts = await Task.WhenAll(Enumerable.Range(0, Uploads).Select(i => world.PutAsync(scopes[i % scopes.Length], $"p{i}", Seeds.Create(salt + i).Bytes(Size))));
        foreach (var refused in puts.Where(static put => put.StatusCode != HttpStatusCode.Created))
            await HttpWorld.JsonOf(refused, 507, code);
        Assert.Equal(Room, puts.Count(static put => put.StatusCode == HttpStatusCode.Created));
        Assert.Equal((long)Room * Size, await used());

        await PutAsync(scopes[0], "over", salt - 1, Rest + 1, HttpStatusCode.InsufficientStorage);
        await PutAsync(scopes[0], "rest", salt - 2, Rest, HttpStatusCode.Created);
        await PutAsync(scopes[^1], "one", salt - 3, 1, HttpStatusCode.InsufficientStorage);
        Assert.Equal(Limit, await used());
    }

    /// <summary>Uploads that announce all there is room for, and go away; returns when nothing of it is used or reserved.</summary>
    private async Task VanishAsync(params string[] scopes)
    {
        var before = await world.UsedAsync();
        var going = new List<RawHttp>();
        for (var i = 0; i < Room; i++)
        {
            var raw = await RawHttp.ConnectAsync(world.Port);
            going.Add(raw);
            await raw.WriteAsync(
                $"PUT /api/v1/scopes/{scopes[i % scopes.Length]}/files/v{i} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\nContent-Length: {Size}\r\n\r\nsome");
        }

        for (var i = 0; i < going.Count; i++)
        {
            if (i % 2 == 0)
                going[i].Reset();
            going[i].Dispose();
        }

        var began = TimeProvider.System.GetTimestamp();
        while (await world.UsedAsync() != before && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            await Task.Delay(20);
        Assert.Equal(before, await world.UsedAsync());
    }

    private async Task PutAsync(string scope, string path, int salt, int size, HttpStatusCode expected) => Assert.Equal(expected, await StatusOfAsync(scope, path, salt, size));

    private async Task<HttpStatusCode> StatusOfAsync(string scope, string path, int salt, int size)
    {
        using var put = await world.PutAsync(scope, path, Seeds.Create(salt).Bytes(size));
        return put.StatusCode;
    }

    private async Task<ScopeDetails> DetailsAsync(string scope) => (await world.Service<ScopeCatalog>().GetDetailsAsync(world.Tenant, world.ScopeOf(scope), default))!;

    /// <summary>A body whose length nobody is told.</summary>
    private sealed class UnknownLength(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

using System.Diagnostics;
using System.Net;
using Granary.Catalog;
using Granary.Http.Tests.Tus;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Uploads;

/// <summary>Sessions that nobody goes on with, and clients that go away.</summary>
public sealed class UploadExpiryTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = Sessions.Small;

    [Fact, Trait("Behaviour", "S5"), Trait("Behaviour", "U6"), Trait("Behaviour", "G12")]
    public async Task What_gets_nothing_for_too_long_expires_and_bytes_keep_it_alive()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_UPLOAD_EXPIRY"] = "2s" } });
        using var begun = await host.Client.PostAsync(
            "api/v1/scopes/main/uploads", System.Net.Http.Json.JsonContent.Create(new { path = "slow", size = 10 * Chunk, chunkSize = Chunk }));
        var id = (string)(await HttpWorld.JsonOf(begun, 201))["id"]!;
        using var tus = new HttpRequestMessage(HttpMethod.Post, "api/v1/scopes/main/tus")
        {
            Headers = { { "Tus-Resumable", "1.0.0" }, { "Upload-Length", "100" }, { "Upload-Metadata", TusWorld.Metadata("tus") } },
        };
        using var created = await host.Client.SendAsync(tus);
        for (var index = 0; index < 6; index++)
        {
            using var put = await host.Client.PutAsync($"api/v1/uploads/{id}/chunks/{index}", new ByteArrayContent(new byte[Chunk]));
            await HttpWorld.JsonOf(put, 200);
            await Task.Delay(500);
        }

        using var head = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, created.Headers.Location) { Headers = { { "Tus-Resumable", "1.0.0" } } });
        Assert.Equal(HttpStatusCode.Gone, head.StatusCode);
        Assert.Equal("", head.Header("Upload-Offset"));
        await Eventually.BecomesAsync(() => host.Client.GetAsync($"api/v1/uploads/{id}").GetAwaiter().GetResult().StatusCode == HttpStatusCode.Gone, "the upload is over");
        foreach (var (method, path) in new[] { (HttpMethod.Put, "/chunks/9"), (HttpMethod.Post, "/complete"), (HttpMethod.Delete, "") })
        {
            using var gone = await host.Client.SendAsync(new HttpRequestMessage(method, $"api/v1/uploads/{id}{path}") { Content = method == HttpMethod.Put ? new ByteArrayContent(new byte[Chunk]) : null });
            await HttpWorld.JsonOf(gone, 410, "expired");
        }

        // The background gives back what they held.
        var tenant = host.Services.GetRequiredService<TopologyCache>().Current.TenantByName("default")!.Id;
        var maintenance = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(tenant));
        await maintenance.RunRoundAsync(default);
        var usage = await host.Services.GetRequiredService<TenantCatalog>().GetUsageAsync(tenant, default);
        Assert.Equal(0, usage!.Logical + usage.Reserved);
        Assert.Empty(await CatalogInvariants.CheckAsync(host.Services.GetRequiredService<CatalogDatabase>(), default));
        using var late = await host.Client.GetAsync($"api/v1/uploads/{id}");
        await HttpWorld.JsonOf(late, 410, "expired");
    }

    [Fact, Trait("Behaviour", "S5")]
    public async Task What_expired_gives_its_quota_back_by_itself_soon_after()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_UPLOAD_EXPIRY"] = "8s" } });
        var tenant = host.Services.GetRequiredService<TopologyCache>().Current.TenantByName("default")!.Id;
        var usage = host.Services.GetRequiredService<TenantCatalog>();
        for (var i = 0; i < 3; i++)
        {
            using var begun = await host.Client.PostAsync("api/v1/scopes/main/uploads", System.Net.Http.Json.JsonContent.Create(new { path = $"left{i}", size = 1_000 }));
            await HttpWorld.JsonOf(begun, 201);
            await Task.Delay(500);
        }

        Assert.Equal(3_000, (await usage.GetUsageAsync(tenant, default))!.Reserved);
        await Eventually.BecomesAsync(
            () => usage.GetUsageAsync(tenant, default).GetAwaiter().GetResult()!.Reserved == 0, "the sessions have ended", TimeSpan.FromSeconds(60));
    }

    [Fact, Trait("Behaviour", "G12")]
    public async Task Abandoned_uploads_are_expired_quickly_while_others_go_on()
    {
        var count = Seeds.Times(500, 10_000);
        var scope = await world.MakeScopeAsync();
        var sessions = world.Service<SessionCatalog>();
        var used = await world.UsedAsync();
        var content = Seeds.Create(output).Bytes(1_000);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, token) =>
        {
            var created = await sessions.CreateAsync(
                new NewSession
                {
                    Tenant = world.Tenant,
                    Scope = world.ScopeOf(scope),
                    Upload = new UploadId(Guid.CreateVersion7()),
                    Path = FilePath.Parse($"abandoned/{i}"),
                    Size = 1_000_000,
                    ChunkSize = 4 << 20,
                    Expires = DateTimeOffset.UnixEpoch.AddYears(100),
                },
                token);
            Assert.Equal(UploadStatus.Ok, created.Status);
            Assert.True(await sessions.ProbeAsync(world.Tenant, world.ScopeOf(scope), created.Session!.Upload, [], world.Service<ClientApi.ISiloContext>().Epoch, token) is { Refused: null });
        });
        Assert.Equal(used + (count * 1_000_000L), await world.UsedAsync());

        await world.Service<CatalogDatabase>().WriteAsync(session => session.Execute(new Sql("UPDATE upload_session SET expires = 1 WHERE state = 0")), default);
        using var stop = new CancellationTokenSource();
        var slowest = TimeSpan.Zero;
        var putting = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var clock = Stopwatch.StartNew();
                using var put = await world.PutAsync(scope, "meanwhile", content);
                Assert.True(put.IsSuccessStatusCode);
                slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            }
        });
        var began = Stopwatch.StartNew();
        var maintenance = world.Service<IGrainFactory>().GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(world.Tenant));
        while (await world.UsedAsync() > used + 2 * content.Length && began.Elapsed < TimeSpan.FromSeconds(60))
        {
            await maintenance.WakeAsync(default);
            await Task.Delay(50);
        }

        output.WriteLine($"{count} uploads were expired in {began.Elapsed.TotalSeconds:0.0} s; the slowest PUT meanwhile took {slowest.TotalMilliseconds:0} ms.");
        await stop.CancelAsync();
        await putting;
        Assert.InRange(await world.UsedAsync(), 0, used + (2 * content.Length));
        Assert.True(slowest > TimeSpan.Zero, "Nobody else stored anything meanwhile.");
        await maintenance.RunRoundAsync(default);
        Assert.Empty(await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));
    }

    [Fact, Trait("Behaviour", "G12")]
    public async Task A_client_that_goes_away_in_any_phase_of_a_part_leaves_nothing_and_slow_ones_delay_nobody()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output).Bytes(4 * Chunk);
        var id = await world.BeginAsync(scope, "phases", content.Length);
        var slow = new List<RawHttp>();
        var head = $"PUT /api/v1/uploads/{id}/chunks/0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\nContent-Length: {Chunk}\r\n\r\n";
        foreach (var sent in new[] { 0, 1, Chunk / 2, Chunk - 1, Chunk })
        {
            foreach (var reset in new[] { true, false })
            {
                using var raw = await RawHttp.ConnectAsync(world.Port);
                await raw.WriteAsync(head[..(sent == 0 ? head.Length / 2 : head.Length)]);
                await raw.WriteAsync(content[..sent]);
                await Task.Delay(10);
                if (reset)
                    raw.Reset();
            }

            // And one that holds its part without going away.
            var holder = await RawHttp.ConnectAsync(world.Port);
            slow.Add(holder);
            await holder.WriteAsync(head);
            await holder.WriteAsync(content[..Math.Min(sent, Chunk - 1)]);
        }

        var clock = Stopwatch.StartNew();
        await world.PutPartsAsync(id, content, [0, 1, 2, 3]);
        using var complete = await world.CompleteAsync(id);
        await HttpWorld.JsonOf(complete, 201);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "Slow senders delayed others.");
        slow.ForEach(static raw => raw.Reset());
        await Eventually.BecomesAsync(() => world.Service<ChunkBufferPool>().InUseBytes == 0, "all buffers are back");
        Assert.Empty(await CatalogInvariants.CheckAsync(world.Service<CatalogDatabase>(), default));
        using var get = await world.GetAsync(scope, "phases");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }
}

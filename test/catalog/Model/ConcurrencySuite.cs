using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

public abstract class ConcurrencySuite(ICatalogEngine engine, ITestOutputHelper output) : CatalogSuite(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "G1")]
    [Trait("Behaviour", "D7")]
    public async Task Two_hundred_parallel_uploads_fill_a_quota_and_a_store_to_the_byte()
    {
        const int Room = 37;
        var world = await CreateWorldAsync(maxSize: Room * 10, scopeQuota: (Room * 10) + 5);
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => TryPutAsync(world, i))));
        Assert.Equal(Room, results.Count(static done => done));
        var space = await world.Stores.GetSpaceAsync(world.Store, default);
        Assert.Equal((Room * 10L, 0L, Room * 10L), (space!.Charged, space.UnusedBlocks, space.Used));
        Assert.Equal(new QuotaInfo(null, Room * 10, 0), await world.Tenants.GetUsageAsync(world.Tenant, default));
    }

    [SuiteFact]
    [Trait("Behaviour", "G1")]
    public async Task Aborted_reservations_are_room_again_at_once()
    {
        var world = await CreateWorldAsync(scopeQuota: 100);
        for (var round = 0; round < 20; round++)
        {
            var uploads = Enumerable.Range(0, 20).Select(static _ => NewUpload()).ToArray();
            var begun = await Task.WhenAll(uploads.Select(upload => world.BeginAsync(upload, "a", 10)));
            Assert.Equal(10, begun.Count(static answer => answer.Status == UploadStatus.Ok));
            await Task.WhenAll(uploads.Select(upload => world.Uploads.AbortAsync(upload, default)));
        }
    }

    [SuiteFact]
    [Trait("Behaviour", "D7")]
    public async Task The_limit_of_a_store_is_reached_exactly_by_several_silos_at_once()
    {
        const int Room = 50;
        var world = await CreateWorldAsync(maxSize: Room * 10);
        var epochs = new List<SiloEpoch>();
        for (var i = 0; i < 4; i++)
        {
            epochs.Add(await world.Silos.RegisterAsync($"silo-{i + 10}", default));
        }

        var placed = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => TryPlaceAsync(world, i, epochs[i % 4]))));
        Assert.Equal(Room, placed.Count(static status => status == PlaceStatus.Write));
        Assert.Equal(Room * 10, (await world.Stores.GetSpaceAsync(world.Store, default))!.Charged);
    }

    [SuiteFact]
    [Trait("Behaviour", "G2")]
    public async Task The_last_delete_racing_a_dedup_hit_leaves_nothing_dangling_and_nothing_counted_twice()
    {
        var random = Seeds.Create(output);
        for (var round = 0; round < Seeds.Times(40, 10_000); round++)
        {
            var content = $"raced {round % 5}";
            await World.PutAsync("a", content);
            var deleting = Task.Run(async () =>
            {
                await World.DeleteAsync("a");
                await World.RunBackgroundAsync(World.Tenant);
            });
            if (random.Next(2) == 0)
            {
                await Task.Yield();
            }

            var put = Task.Run(() => World.PutAsync("b", content));
            await Task.WhenAll(deleting, put);
            Assert.Equal(NamespaceStatus.Done, (await put).Status);
            Assert.NotEmpty((await World.FindAsync("b")).FirstChunks[0].Copies);
            if (round % 10 == 0)
            {
                await World.AssertInvariantsAsync();
            }

            await World.DeleteAsync("b");
            await World.RunBackgroundAsync(World.Tenant);
        }
    }

    [SuiteFact]
    [Trait("Behaviour", "D19")]
    public async Task Many_writers_of_the_same_new_chunks_all_complete_and_one_copy_of_each_stays()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => World.PutAsync($"f{i}", ["one", "two", "three"]))));
        Assert.All(results, static result => Assert.Equal(NamespaceStatus.Done, result.Status));
        foreach (var chunk in new[] { "one", "two", "three" })
        {
            Assert.Single(await World.Files.GetCopiesAsync(World.Tenant, Hash(chunk), default));
        }

        await World.RunBackgroundAsync();
        var space = await World.Stores.GetSpaceAsync(World.Store, default);
        Assert.Equal((11L, 3L, 11L), (space!.Used, space.Chunks, space.Charged - space.UnusedBlocks));
    }

    [SuiteFact]
    public async Task Commits_to_many_paths_at_once_leave_a_log_without_gaps()
    {
        var sequences = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(async () => (await World.PutAsync($"f{i % 10}", $"content {i}")).Sequence)));
        Assert.Equal(Enumerable.Range(1, 100).Select(static i => (long)i), sequences.Order());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(10, (await World.FindAsync($"f{i}")).File!.Version);
        }
    }

    private static async Task<bool> TryPutAsync(CatalogWorld world, int number)
    {
        var upload = NewUpload();
        if ((await world.BeginAsync(upload, $"f{number}", 10)).Status != UploadStatus.Ok)
        {
            return false;
        }

        var content = $"content{number:000}";
        var placed = await world.PlaceAsync(world.Chunk(upload, 0, Hash(content), 10));
        if (placed.Status != PlaceStatus.Write)
        {
            await world.Uploads.AbortAsync(upload, default);
            return false;
        }

        return (await world.ApplyAsync(CommitOf(upload, $"f{number}", [content], [placed.Location]))).Status == NamespaceStatus.Done;
    }

    private static async Task<PlaceStatus> TryPlaceAsync(CatalogWorld world, int number, SiloEpoch epoch)
    {
        var upload = NewUpload();
        await world.Uploads.BeginAsync(
            new BeginUpload { Tenant = world.Tenant, Scope = world.Scope, Upload = upload, Path = Path($"f{number}"), Size = 10, Epoch = epoch }, default);
        var chunk = world.Chunk(upload, 0, Hash($"{number}"), 10) with { Epoch = epoch };
        while (true)
        {
            var placed = await world.Uploads.PlaceChunkAsync(chunk, default);
            if (placed.Status != PlaceStatus.NeedsSpace)
            {
                return placed.Status;
            }

            var grants = await world.Stores.GrantAsync(world.Store, [new BlockRequest(epoch, placed.NeededBytes, 64)], default);
            if (grants[0].Refused)
            {
                return PlaceStatus.NoStore;
            }
        }
    }
}

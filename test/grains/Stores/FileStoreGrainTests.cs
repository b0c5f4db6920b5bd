using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Stores;

/// <summary>Space of a store over a real catalog.</summary>
public sealed class FileStoreGrainTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    [Trait("Behaviour", "D1")]
    [Trait("Behaviour", "D7")]
    public async Task Parallel_writers_of_two_silos_fill_a_store_to_exactly_its_limit_and_not_one_byte_more()
    {
        const int Size = 1000;
        const int Room = 37;
        await using var world = await GrainWorld.StartAsync(maxSize: (Size * Room) + 999);
        var second = new Writer(world) { Epoch = await world.Get<SiloCatalog>().RegisterAsync("another", None) };
        var writers = new[] { new Writer(world), second };
        var placed = await Task.WhenAll(Enumerable.Range(0, Room * 3).Select(async i =>
            (await writers[i % 2].PlaceAsync($"f{i}", Encoding.UTF8.GetBytes($"{i}".PadLeft(Size)))).Placed));
        Assert.Equal(Room, placed.Count(answer => answer.Status == PlaceStatus.Write));
        Assert.Equal(Room * 2, placed.Count(answer => answer.Status == PlaceStatus.NoStore));

        // What is left fits to the byte.
        var last = await second.PlaceAsync("last", new byte[999]);
        Assert.Equal(PlaceStatus.Write, last.Placed.Status);
        var space = await world.Get<StoreCatalog>().GetSpaceAsync(world.Store, None);
        Assert.Equal((space!.MaxSize, 0L), (space.Charged, space.UnusedBlocks));
        Assert.Equal(PlaceStatus.NoStore, (await second.PlaceAsync("one byte more", [1])).Placed.Status);
        await world.AssertInvariantsAsync();
    }

    [Fact]
    public async Task A_store_that_got_room_refuses_nobody_a_moment_after_it_refused()
    {
        await using var world = await GrainWorld.StartAsync(maxSize: 100);
        Assert.True((await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 101), None)).Refused);
        Assert.True((await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 101), None)).Refused);
        Assert.Equal(AdminStatus.Done, (await world.StoreGrain.UpdateAsync(new FileStoreSettings { MaxSize = 101 }, null, None)).Status);
        var grant = await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 101), None);
        Assert.Equal((101L, false), (grant.Granted, grant.Refused));
    }

    [Fact]
    public async Task Unused_space_of_another_silo_is_recalled_before_anybody_is_refused()
    {
        await using var world = await GrainWorld.StartAsync(maxSize: 1000);
        var other = await world.Get<SiloCatalog>().RegisterAsync("another", None);
        Assert.False((await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(other, 900), None)).Refused);
        Assert.False((await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 950), None)).Refused);
        var space = await world.Get<StoreCatalog>().GetSpaceAsync(world.Store, None);
        Assert.InRange(space!.Charged, 950, 1000);
        await world.AssertInvariantsAsync();
    }

    [Fact]
    public async Task Requests_that_wait_together_share_transactions()
    {
        await using var world = await GrainWorld.StartAsync();
        await world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 1), None);
        var before = world.Database.Statistics;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => world.StoreGrain.GrantSpaceAsync(new SpaceRequest(world.Epoch, 1), None)));
        Assert.InRange(world.Database.Statistics.Writes - before.Writes, 1, 100);
    }

    [Fact]
    public async Task A_store_that_is_deleted_by_force_gives_up_its_bytes_and_goes()
    {
        await using var world = await GrainWorld.StartAsync();
        await new Writer(world).StoreAsync("a", "content");
        Assert.Single(await world.KeysAsync(world.Store));
        Assert.NotEqual(AdminStatus.Accepted, (await world.StoreGrain.DeleteAsync(force: false, null, None)).Status);
        Assert.Equal(AdminStatus.Accepted, (await world.StoreGrain.DeleteAsync(force: true, null, None)).Status);
        await Eventually.BecomesAsync(
            () => world.Get<TopologyCache>().RefreshAsync(None).GetAwaiter().GetResult().Store(world.Store) is null, "the store is gone");

        // Nothing of it is left in its place soon after, what said whose it was included.
        var place = Path.Combine(world.Folder, "local");
        await Eventually.BecomesAsync(() => Directory.GetFiles(place, "*", SearchOption.AllDirectories).Length == 0, "its place is empty");
    }
}

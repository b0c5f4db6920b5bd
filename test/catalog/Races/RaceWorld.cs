using Granary.GrainInterfaces;

namespace Granary.Catalog.Tests.Races;

/// <summary>
/// Two scopes of one tenant over two stores that both attach, seen through one or two processes' catalogs, with stores that
/// are sets of keys: what was put and not deleted is there.
/// </summary>
internal sealed class RaceWorld(CatalogWorld[] processes, ScopeId[] scopes, StoreId[] stores, Random random)
{
    private readonly HashSet<LocationId> _used = [];

    public ScopeId[] Scopes => scopes;

    public StoreId[] Stores => stores;

    public Random Random => random;

    /// <summary>Keys that have bytes now.</summary>
    public HashSet<LocationId> Bytes { get; } = [];

    /// <summary>What happened, for the message of a failure.</summary>
    public List<string> Log { get; } = [];

    public CatalogWorld First => processes[0];

    /// <summary>Collection in a process.</summary>
    public static CollectCatalog CollectionOf(CatalogWorld world) => new(world.Database);

    /// <summary>The process that takes the next step: each may take any.</summary>
    public CatalogWorld Any => processes[random.Next(processes.Length)];

    public static async Task<RaceWorld> CreateAsync(CatalogWorld world, CatalogWorld? second, Random random)
    {
        var other = await world.CreateStoreAsync("second");
        var tenant = (await world.Topology.RefreshAsync(default)).Tenant(world.Tenant)!.Settings;
        await world.Tenants.UpdateAsync(world.Tenant, tenant with { Stores = [world.Store, other] }, null, default);
        ScopeId[] scopes = [world.Scope, await world.CreateScopeAsync("other", new ScopeSettings { KeepVersions = 2 })];
        StoreId[] stores = [world.Store, other];
        foreach (var scope in scopes)
        {
            Assert.Equal(AdminStatus.Created, (await world.Scopes.PutAttachmentAsync(world.Tenant, scope, new AttachmentSettings { Store = other }, null, default)).Status);
        }

        await world.Topology.RefreshAsync(default);
        if (second is not null)
        {
            await second.Topology.RefreshAsync(default);
        }

        return new RaceWorld(second is null ? [world] : [world, second], scopes, stores, random);
    }

    /// <summary>A store accepts the bytes of a key: for the first and only time.</summary>
    public void PutBytes(LocationId location)
    {
        Assert.True(_used.Add(location), $"Key {location} was written before.");
        Bytes.Add(location);
    }

    /// <summary>
    /// Fails unless every chunk of every version has a copy with bytes in a store that its scope can read: rules 1, 2 and 5.
    /// </summary>
    public async Task AssertReadableAsync(string when)
    {
        var world = First;
        var topology = await world.Topology.RefreshAsync(default);
        foreach (var scope in scopes)
        {
            var readable = topology.Attachments(scope).Where(static attachment => !attachment.Settings.WriteOnly).Select(static attachment => attachment.Settings.Store).ToHashSet();
            foreach (var file in (await world.Files.ListAsync(world.Tenant, scope, "", null, null, 1_000, default)).Items)
            {
                var versions = await world.Files.VersionsAsync(world.Tenant, scope, file.Path, null, 100, default);
                foreach (var version in versions.Where(static version => !version.Deleted))
                {
                    foreach (var chunk in await world.Files.ReadChunksAsync(world.Tenant, version.Manifest, 0, 100, default))
                    {
                        Assert.True(
                            chunk.Copies.Any(copy => readable.Contains(copy.Store) && Bytes.Contains(copy.Location)),
                            $"{when}: {file.Path} v{version.Version} of scope {scope} cannot read chunk {chunk.Hash}: copies {string.Join(", ", chunk.Copies)}\n{string.Join('\n', Log.TakeLast(80))}");
                    }
                }
            }
        }
    }

    /// <summary>Everything is deleted, uncounted and removed: nothing may be left, in rows or in stores.</summary>
    public async Task AssertNothingLeaksAsync()
    {
        var world = First;
        foreach (var scope in scopes)
        {
            foreach (var file in (await world.Files.ListAsync(world.Tenant, scope, "", null, null, 1_000, default)).Items)
            {
                await world.ApplyAsync(new DeleteFile { By = "test", Path = file.Path }, scope);
            }

            // Kept versions go when their scope keeps none.
            var deleted = await world.Scopes.MarkDeletingAsync(world.Tenant, scope, force: true, null, default);
            Assert.True(deleted.Status is AdminStatus.Done or AdminStatus.Accepted, deleted.Detail);
        }

        await world.RunBackgroundAsync(world.Tenant);
        foreach (var store in stores)
        {
            await world.Reclaim.CondemnDeadWritesAsync(store, DateTimeOffset.MaxValue, default);
        }

        var collection = CollectionOf(world);
        var unreferenced = await collection.NextAsync(world.Tenant, DateTimeOffset.MaxValue, default, 100, default);
        await collection.CollectAsync(world.Tenant, DateTimeOffset.MaxValue, [.. unreferenced.Select(static chunk => chunk.Hash)], default);
        await DeleteBytesAsync();
        await collection.ForgetAsync([.. unreferenced.Select(chunk => (world.Tenant, chunk.Hash))], default);
        Assert.Empty(Bytes);
        Assert.Empty(await collection.NextAsync(world.Tenant, DateTimeOffset.MaxValue, default, 100, default));
        foreach (var store in stores)
        {
            await world.Reclaim.ReleaseDeadBlocksAsync(store, DateTimeOffset.MaxValue, default);
            var space = await world.Stores.GetSpaceAsync(store, default);
            Assert.Equal((0, 0, space!.UnusedBlocks), (space.Used, space.Chunks, space.Charged));
        }

        var usage = await world.Tenants.GetUsageAsync(world.Tenant, default);
        Assert.Equal((0, 0), (usage!.Logical, usage.Reserved));
        await world.AssertInvariantsAsync();
    }

    /// <summary>Removes the bytes of all copies that are being deleted, and their rows.</summary>
    public async Task DeleteBytesAsync()
    {
        foreach (var store in stores)
        {
            IReadOnlyList<DeletingLocation> page;
            while ((page = await First.Reclaim.NextDeletingAsync(store, null, 100, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default)).Count > 0)
            {
                foreach (var copy in page)
                {
                    Bytes.Remove(copy.Location);
                }

                await First.Reclaim.LocationsDeletedAsync([.. page.Select(static copy => copy.Location)], default);
            }
        }
    }
}

using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Tests.Worlds;

/// <summary>Stores files of one chunk as the HTTP side does: row, bytes, report and commit.</summary>
internal sealed class Writer(GrainWorld world)
{
    private readonly UploadCatalog _uploads = world.Get<UploadCatalog>();

    /// <summary>The silo's life that pays; the world's unless told otherwise.</summary>
    public SiloEpoch Epoch { get; set; } = world.Epoch;

    /// <summary>Begins an upload and places its only chunk, asking for space as often as needed.</summary>
    public async Task<(UploadId Upload, ChunkPlaced Placed)> PlaceAsync(string path, byte[] content, params StoreId[] candidates)
    {
        var upload = new UploadId(Guid.CreateVersion7());
        using var chunk = ChunkBuffer.CopyOf(content);
        var place = new PlaceChunk
        {
            Tenant = world.Tenant,
            Scope = world.Scope,
            Upload = upload,
            Index = 0,
            Hash = chunk.Hash,
            Size = content.Length,
            Candidates = candidates.Length > 0 ? candidates : [world.Store],
            Epoch = Epoch,
        };
        var begun = await _uploads.BeginAsync(
            new BeginUpload { Tenant = world.Tenant, Scope = world.Scope, Upload = upload, Path = FilePath.Parse(path), Size = content.Length, Epoch = Epoch, FirstChunk = place },
            default);
        Assert.Equal(UploadStatus.Ok, begun.Status);
        var placed = begun.First!;
        while (placed.Status == PlaceStatus.NeedsSpace)
        {
            var grant = await world.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(placed.NeedsSpace!.Value))
                .GrantSpaceAsync(new SpaceRequest(Epoch, placed.NeededBytes), default);
            if (grant.Refused)
            {
                place = place with { Candidates = [.. place.Candidates.Where(store => store != placed.NeedsSpace)] };
            }

            placed = await _uploads.PlaceChunkAsync(place, default);
        }

        return (upload, placed);
    }

    /// <summary>Writes the bytes of a placed chunk.</summary>
    public async Task PutAsync(ChunkPlaced placed, byte[] content)
    {
        if (placed.Status == PlaceStatus.Write)
        {
            using var chunk = ChunkBuffer.CopyOf(content);
            Assert.True(world.Directory.TryGet(placed.Store, out var store));
            await store.PutAsync(new LocationKey(world.Tenant.ToString(), chunk.Hash, placed.Location.Value), chunk, default);
        }
    }

    /// <summary>The commit of such an upload.</summary>
    public static CommitUpload Commit(string path, UploadId upload, ChunkPlaced placed, byte[] content)
    {
        using var chunk = ChunkBuffer.CopyOf(content);
        return new CommitUpload
        {
            By = "test",
            Upload = upload,
            Path = FilePath.Parse(path),
            Size = content.Length,
            ChunkCount = 1,
            Etag = chunk.Hash.ToString(),
            Sha256 = chunk.Hash,
            Written = placed.Status == PlaceStatus.Write ? [placed.Location] : [],
        };
    }

    /// <summary>Everything up to the commit, which is answered.</summary>
    public async Task<NamespaceResult> StoreAsync(string path, string text, params StoreId[] candidates)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var (upload, placed) = await PlaceAsync(path, content, candidates);
        Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, placed.Status.ToString());
        await PutAsync(placed, content);
        return await world.ScopeGrain.ApplyAsync(Commit(path, upload, placed, content), default);
    }
}

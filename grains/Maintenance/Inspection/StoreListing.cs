using System.Globalization;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Whole listings of shards. A listing that fails throws, at its beginning and midway: what is returned is complete, or said
/// to be too large (rule 6, G3).
/// </summary>
internal static class StoreListing
{
    /// <summary>Keys of one listing: 20 requests to an S3 server, a fraction of a second on a disk.</summary>
    public const int Most = 20_000;

    /// <summary>Lists a shard.</summary>
    /// <param name="store">The store; checked to be there and ours before and after, since a mount may go meanwhile.</param>
    /// <param name="shard">What to list.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when the shard is too large and has parts.</returns>
    /// <exception cref="ChunkStoreException">The listing failed, or the store is not ours.</exception>
    public static async Task<List<ChunkListing>?> ReadAsync(IChunkStore store, ShardPosition shard, CancellationToken cancellationToken)
    {
        await store.CheckAsync(cancellationToken);
        var found = new List<ChunkListing>();
        await foreach (var entry in store.ListAsync(shard.Prefix, cancellationToken))
        {
            if (found.Count == Most && shard.CanDescend)
            {
                return null;
            }

            found.Add(entry);
        }

        await store.CheckAsync(cancellationToken);
        return found;
    }

    /// <summary>The location that a key belongs to; null where the id is not one that the catalog gives.</summary>
    public static long? LocationOf(LocationKey key) =>
        long.TryParse(key.LocationId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;
}

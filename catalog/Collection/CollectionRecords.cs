using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Where a walk over unreferenced chunks has got to: since when a chunk is unreferenced, then its name.</summary>
/// <param name="Since">Milliseconds since 1970.</param>
/// <param name="Hash">The last chunk that was looked at.</param>
public readonly record struct CollectPosition(long Since, ChunkHash Hash);

/// <summary>A chunk that nothing references and whose grace is over.</summary>
/// <param name="Position">Where it stands in the walk.</param>
/// <param name="Size">Its bytes.</param>
public sealed record UnreferencedChunk(CollectPosition Position, long Size)
{
    /// <summary>Its name.</summary>
    public ChunkHash Hash => Position.Hash;
}

/// <summary>What became of a chunk that was to be collected.</summary>
public enum CollectOutcome
{
    /// <summary>Its copies are being deleted; the row goes with the last of them.</summary>
    Condemned,

    /// <summary>It had no copy; its row is gone.</summary>
    Removed,

    /// <summary>It waits for copies that are being written or deleted.</summary>
    Waits,

    /// <summary>It was referenced again, or its grace is not over: it stays.</summary>
    Referenced,

    /// <summary>Its count says that nothing references it, and rows do: it stays, and is reported.</summary>
    Disagrees,
}

/// <summary>What a page of collection did.</summary>
/// <param name="Outcomes">In the order in which the chunks were given.</param>
/// <param name="Stores">Stores that have copies to delete now.</param>
public sealed record CollectPage(IReadOnlyList<CollectOutcome> Outcomes, IReadOnlyList<StoreId> Stores);

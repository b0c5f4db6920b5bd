using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Answer to a group of namespace operations.</summary>
public sealed record NamespaceGroupResult
{
    /// <summary>The head is not where the caller believed: nothing was done, the caller's memory is stale.</summary>
    public bool HeadMoved { get; init; }

    /// <summary>Sequence number of the scope's last change after the group.</summary>
    public long Sequence { get; init; }

    /// <summary>One answer for each operation, in their order; empty when the head moved.</summary>
    public NamespaceResult[] Results { get; init; } = [];

    /// <summary>True when content left the namespace, so that background uncounting has work.</summary>
    public bool Released { get; init; }
}

/// <summary>One version of a file, or a tombstone.</summary>
public sealed record FileVersionInfo
{
    /// <summary>The path.</summary>
    public required FilePath Path { get; init; }

    /// <summary>Number, from 1, one more for each change of the path.</summary>
    public required long Version { get; init; }

    /// <summary>Length in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Identity of the content, without quotes; empty for a tombstone.</summary>
    public string Etag { get; init; } = "";

    /// <summary>SHA-256 of the whole file where known.</summary>
    public ChunkHash? Sha256 { get; init; }

    /// <summary>Number of chunks.</summary>
    public int ChunkCount { get; init; }

    /// <summary>Media type as the client sent it.</summary>
    public string? ContentType { get; init; }

    /// <summary>The client's modification time, else the time of the commit.</summary>
    public DateTimeOffset Modified { get; init; }

    /// <summary>When the version was committed.</summary>
    public DateTimeOffset Committed { get; init; }

    /// <summary>The upload whose manifest is the version's.</summary>
    public UploadId Manifest { get; init; }

    /// <summary>Sequence number of the change that made it.</summary>
    public long Sequence { get; init; }

    /// <summary>True for a tombstone.</summary>
    public bool Deleted { get; init; }
}

/// <summary>One stored copy of a chunk.</summary>
/// <param name="Store">Where it is.</param>
/// <param name="Location">Its id, part of its key.</param>
public readonly record struct ChunkCopy(StoreId Store, LocationId Location);

/// <summary>One chunk of a manifest with its stored copies.</summary>
public sealed record ChunkWithCopies
{
    /// <summary>Position in the manifest, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Name of the chunk.</summary>
    public required ChunkHash Hash { get; init; }

    /// <summary>Length in bytes.</summary>
    public required int Size { get; init; }

    /// <summary>Copies in state stored, in no particular order (<see cref="ReadPlacement"/> orders them).</summary>
    public required IReadOnlyList<ChunkCopy> Copies { get; init; }
}

/// <summary>What a GET needs, from one read.</summary>
public sealed record FileLookup
{
    /// <summary>Version of the topology in the same snapshot; a cache that is older must refresh first.</summary>
    public required long TopologyVersion { get; init; }

    /// <summary>The version, or null when there is none. A tombstone is returned only when its number was asked for.</summary>
    public FileVersionInfo? File { get; init; }

    /// <summary>The first chunks of the manifest, at most 16, in order.</summary>
    public IReadOnlyList<ChunkWithCopies> FirstChunks { get; init; } = [];
}

/// <summary>One page of a listing.</summary>
public sealed record FileListing
{
    /// <summary>Current versions in byte order of their paths.</summary>
    public required IReadOnlyList<FileVersionInfo> Items { get; init; }

    /// <summary>Common prefixes up to and including the delimiter, in byte order.</summary>
    public required IReadOnlyList<string> Prefixes { get; init; }

    /// <summary>What to send as <c>after</c> for the next page; null when this was the last.</summary>
    public string? Next { get; init; }
}

/// <summary>One entry of a manifest.</summary>
/// <param name="Index">Position, from 0.</param>
/// <param name="Hash">Name of the chunk.</param>
/// <param name="Size">Length in bytes.</param>
public readonly record struct ManifestEntry(int Index, ChunkHash Hash, int Size);

/// <summary>State of one copy of a chunk.</summary>
public enum LocationState
{
    /// <summary>The row exists, the store has not accepted the bytes yet.</summary>
    Writing = 0,

    /// <summary>The store accepted the bytes.</summary>
    Stored = 1,

    /// <summary>To be deleted; charged until the store says that the key is absent.</summary>
    Deleting = 2,

    /// <summary>
    /// Missing or damaged in its store while no good copy was known: read by nobody and no dedup hit, so that new content
    /// heals the chunk, but not deleted either, in case the store was wrong. Charged.
    /// </summary>
    Damaged = 3,
}

/// <summary>One location of a chunk, of any state.</summary>
/// <param name="Store">Where it is.</param>
/// <param name="Location">Its id.</param>
/// <param name="State">Its state.</param>
/// <param name="Created">When the row was made.</param>
public sealed record ExplainedCopy(StoreId Store, LocationId Location, LocationState State, DateTimeOffset Created);

/// <summary>Why a chunk is kept, and where.</summary>
public sealed record ExplainedChunk
{
    /// <summary>Position in the manifest, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Name of the chunk.</summary>
    public required ChunkHash Hash { get; init; }

    /// <summary>Length in bytes.</summary>
    public required int Size { get; init; }

    /// <summary>All locations of all states.</summary>
    public required IReadOnlyList<ExplainedCopy> Copies { get; init; }

    /// <summary>Uploads and versions of this scope that reference it.</summary>
    public required long ReferencesHere { get; init; }

    /// <summary>Of the tenant's other scopes.</summary>
    public required IReadOnlyList<KeyValuePair<ScopeId, long>> ReferencesElsewhere { get; init; }

    /// <summary>Since when nothing references it; null while something does.</summary>
    public DateTimeOffset? UnreferencedSince { get; init; }
}

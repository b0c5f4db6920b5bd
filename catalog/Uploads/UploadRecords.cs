using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Starts an upload: its row exists from the first byte (design, Writing 1).</summary>
public sealed record BeginUpload
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The scope that will hold the file.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>Fresh id (UUID version 7).</summary>
    public required UploadId Upload { get; init; }

    /// <summary>Where the file will appear.</summary>
    public required FilePath Path { get; init; }

    /// <summary>Declared length, reserved at once; null when unknown: then every chunk reserves its own.</summary>
    public long? Size { get; init; }

    /// <summary>The silo life that a direct upload dies with; null for a session that outlives silos.</summary>
    public SiloEpoch? Epoch { get; init; }

    /// <summary>
    /// The first or only chunk, placed in the same transaction, so that a small file costs two group commits in all. Its
    /// <see cref="PlaceChunk.Upload"/>, tenant and scope are those of this message.
    /// </summary>
    public PlaceChunk? FirstChunk { get; init; }
}

/// <summary>How the start of an upload ended.</summary>
public enum UploadStatus
{
    /// <summary>The upload exists. Whether its first chunk was placed is said by <see cref="UploadBegun.First"/>.</summary>
    Ok = 0,

    /// <summary>The scope is gone or being deleted; nothing was recorded.</summary>
    ScopeGone = 1,

    /// <summary>The scope's quota has no room; nothing was recorded.</summary>
    ScopeQuotaExceeded = 2,

    /// <summary>The tenant's quota has no room; nothing was recorded.</summary>
    TenantQuotaExceeded = 3,

    /// <summary>The silo's life is over (another process registered its name); nothing was recorded.</summary>
    EpochDead = 4,
}

/// <summary>Answer to <see cref="BeginUpload"/>.</summary>
public sealed record UploadBegun
{
    /// <summary>How it ended.</summary>
    public required UploadStatus Status { get; init; }

    /// <summary>The limit that was hit, in bytes.</summary>
    public long? Limit { get; init; }

    /// <summary>Bytes in use or reserved under that limit.</summary>
    public long? Used { get; init; }

    /// <summary>
    /// Answer for the first chunk where one was sent. When it is not <see cref="PlaceStatus.Write"/> or
    /// <see cref="PlaceStatus.Present"/> the upload exists without that chunk: place it again or abort.
    /// </summary>
    public ChunkPlaced? First { get; init; }
}

/// <summary>Asks where one chunk of an open upload is to be written, or whether it is there already.</summary>
public sealed record PlaceChunk
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The scope of the upload.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>The open upload.</summary>
    public required UploadId Upload { get; init; }

    /// <summary>Position in the manifest, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Name of the chunk.</summary>
    public required ChunkHash Hash { get; init; }

    /// <summary>Its length in bytes, at least 1.</summary>
    public required int Size { get; init; }

    /// <summary>Bytes to reserve in the quotas: 0 when the upload declared its size, else <see cref="Size"/>.</summary>
    public long Reserve { get; init; }

    /// <summary>Stores to write to, best first (<see cref="WritePlacement"/>); the transaction checks them again.</summary>
    public required StoreId[] Candidates { get; init; }

    /// <summary>Stores that cannot be read now: a copy there is no dedup hit.</summary>
    public StoreId[] Unusable { get; init; } = [];

    /// <summary>Life of the silo that holds the bytes; its block of space pays.</summary>
    public required SiloEpoch Epoch { get; init; }

    /// <summary>For a tus upload: the chunk is added at the end, by this writer; null for all others.</summary>
    public AppendTo? Append { get; init; }
}

/// <summary>What to do with a chunk.</summary>
public enum PlaceStatus
{
    /// <summary>Write the bytes to <see cref="ChunkPlaced.Store"/> under <see cref="ChunkPlaced.Location"/>, then report them.</summary>
    Write = 0,

    /// <summary>A stored copy that this scope can read exists; nothing is to be written.</summary>
    Present = 1,

    /// <summary>
    /// The silo's block in <see cref="ChunkPlaced.NeedsSpace"/> has too little. Nothing was recorded: ask the store's grain
    /// for space, then place again, without that candidate if it refused.
    /// </summary>
    NeedsSpace = 2,

    /// <summary>No candidate is left; nothing was recorded (D6).</summary>
    NoStore = 3,

    /// <summary>A chunk of that hash is known with another length (D15); nothing was recorded.</summary>
    SizeMismatch = 4,

    /// <summary>The upload is not open.</summary>
    UploadGone = 5,

    /// <summary>The silo's life is over.</summary>
    EpochDead = 6,

    /// <summary>The scope's quota has no room; nothing was recorded.</summary>
    ScopeQuotaExceeded = 7,

    /// <summary>The tenant's quota has no room; nothing was recorded.</summary>
    TenantQuotaExceeded = 8,

    /// <summary>The index holds another chunk already; nothing was recorded.</summary>
    IndexTaken = 9,

    /// <summary>The session's time is over; nothing was recorded.</summary>
    Expired = 10,

    /// <summary>Only the last part of a session may be shorter than the others; nothing was recorded.</summary>
    Misfit = 11,

    /// <summary>Another request appends to the tus upload now, or it has another length; nothing was recorded.</summary>
    WriterReplaced = 12,
}

/// <summary>Answer to <see cref="PlaceChunk"/>.</summary>
public sealed record ChunkPlaced
{
    /// <summary>What to do.</summary>
    public required PlaceStatus Status { get; init; }

    /// <summary>The copy to write, or the one that is present.</summary>
    public LocationId Location { get; init; }

    /// <summary>The store of that copy.</summary>
    public StoreId Store { get; init; }

    /// <summary>True when the scope referenced the chunk before this upload did.</summary>
    public bool KnownToScope { get; init; }

    /// <summary>The limit that was hit, in bytes.</summary>
    public long? Limit { get; init; }

    /// <summary>Bytes in use or reserved under that limit.</summary>
    public long? Used { get; init; }

    /// <summary>The store whose block has too little.</summary>
    public StoreId? NeedsSpace { get; init; }

    /// <summary>Bytes that must be free in that block.</summary>
    public long NeededBytes { get; init; }

    /// <summary>An answer without further facts.</summary>
    public static ChunkPlaced Of(PlaceStatus status) => new() { Status = status };
}

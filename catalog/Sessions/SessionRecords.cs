using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>What an upload session is for.</summary>
public enum SessionKind
{
    /// <summary>Parts in any order (http-api, Uploads).</summary>
    Parts = 0,

    /// <summary>A tus upload: bytes are appended.</summary>
    Tus = 1,

    /// <summary>A tus upload that becomes a part of a final one, and no file itself.</summary>
    TusPartial = 2,

    /// <summary>A tus upload made of partial ones.</summary>
    TusFinal = 3,
}

/// <summary>State of an upload session.</summary>
public enum SessionState
{
    /// <summary>Takes bytes.</summary>
    Open = 0,

    /// <summary>Its file is committed.</summary>
    Completed = 1,

    /// <summary>Ended by its client, or with its scope.</summary>
    Aborted = 2,

    /// <summary>Nothing came for too long.</summary>
    Expired = 3,

    /// <summary>All parts came, and the whole does not have the digest that was announced.</summary>
    Refused = 4,
}

/// <summary>Starts a session.</summary>
public sealed record NewSession
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The scope that will hold the file.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>Fresh id (UUID version 7).</summary>
    public required UploadId Upload { get; init; }

    /// <summary>What it is for.</summary>
    public SessionKind Kind { get; init; }

    /// <summary>Where the file will appear; null for a partial tus upload.</summary>
    public FilePath? Path { get; init; }

    /// <summary>Bytes of the whole, reserved at once; null when unknown.</summary>
    public long? Size { get; init; }

    /// <summary>Bytes of every part but the last.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Digest that the whole must have; null: not checked.</summary>
    public ChunkHash? Sha256 { get; init; }

    /// <summary>Media type; null when not given.</summary>
    public string? ContentType { get; init; }

    /// <summary>The client's modification time.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>Tag that the file must have at the commit, <c>*</c> for any; null: not asked.</summary>
    public string? IfMatch { get; init; }

    /// <summary>tus: the client's metadata as sent.</summary>
    public string? Metadata { get; init; }

    /// <summary>tus: the parts of a final upload as sent.</summary>
    public string? Parts { get; init; }

    /// <summary>When it ends unless something comes.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The client's idempotency key: the same key finds the same session.</summary>
    public OperationKey? Operation { get; init; }
}

/// <summary>How the start of a session ended.</summary>
/// <param name="Status">The upload's status.</param>
/// <param name="Session">The session; null when refused.</param>
/// <param name="Mismatch">The idempotency key was used for another request.</param>
/// <param name="Limit">The quota that was hit, in bytes.</param>
/// <param name="Used">Bytes in use under it.</param>
public sealed record SessionCreated(UploadStatus Status, SessionInfo? Session, bool Mismatch = false, long? Limit = null, long? Used = null);

/// <summary>One session, with its upload's progress.</summary>
public sealed record SessionInfo
{
    /// <summary>Its id.</summary>
    public required UploadId Upload { get; init; }

    /// <summary>Its tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Its scope.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>What it is for.</summary>
    public required SessionKind Kind { get; init; }

    /// <summary>Its state; one whose time is over counts as expired before the background has ended it.</summary>
    public required SessionState State { get; init; }

    /// <summary>Where the file will appear.</summary>
    public FilePath? Path { get; init; }

    /// <summary>Bytes of the whole; null while unknown.</summary>
    public long? Size { get; init; }

    /// <summary>Bytes of every part but the last.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Digest that the whole must have.</summary>
    public ChunkHash? Sha256 { get; init; }

    /// <summary>Media type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The client's modification time.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>Tag that the file must have at the commit.</summary>
    public string? IfMatch { get; init; }

    /// <summary>tus: the client's metadata as sent.</summary>
    public string? Metadata { get; init; }

    /// <summary>tus: the parts of a final upload as sent.</summary>
    public string? Parts { get; init; }

    /// <summary>The answer of the commit; null until then.</summary>
    public NamespaceResult? Result { get; init; }

    /// <summary>When it ends unless something comes; of an ended session when it is forgotten.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Bytes that were placed.</summary>
    public long Received { get; init; }

    /// <summary>Parts that were placed.</summary>
    public int ChunkCount { get; init; }

    /// <summary>Some parts may not be in a store yet.</summary>
    public bool HasPending { get; init; }

    /// <summary>tus: the last request broke off in the middle of something that has to be undone first.</summary>
    public bool NeedsRecovery { get; init; }

    /// <summary>Parts of the whole; null while its length is unknown.</summary>
    public int? ExpectedChunks => Size is { } size ? checked((int)((size + ChunkSize - 1) / ChunkSize)) : null;

    /// <summary>Bytes that the part at an index has; null where that is not known in advance.</summary>
    public int? SizeOf(int index) => Size is { } size ? (int)Math.Min(ChunkSize, size - ((long)index * ChunkSize)) : null;
}

/// <summary>One part of a session as the manifest has it.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Hash">Its chunk.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Present">A stored copy exists that the scope can read; else the part has to be sent again.</param>
public readonly record struct SessionPart(int Index, ChunkHash Hash, int Size, bool Present);

/// <summary>A part that a client has, and asks whether it must be sent.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Hash">Its hash.</param>
public readonly record struct ProbedPart(int Index, ChunkHash Hash);

/// <summary>Answer to a probe.</summary>
/// <param name="Refused">Null; else why no more could be bound.</param>
/// <param name="Missing">Indexes that must be sent.</param>
public sealed record ProbeResult(ChunkPlaced? Refused, IReadOnlyList<int> Missing);

/// <summary>Adds a chunk at the end of a tus upload; part of <see cref="PlaceChunk"/>.</summary>
/// <param name="Writer">Number of the request that appends.</param>
/// <param name="Offset">Bytes that the upload must have.</param>
public readonly record struct AppendTo(long Writer, long Offset);

/// <summary>The right of one request to append to a tus upload.</summary>
/// <param name="Session">The session; null when it is gone.</param>
/// <param name="Writer">The request's number.</param>
/// <param name="Tail">Chunks at the end that do not fill a slot together, in order.</param>
public sealed record WriterClaim(SessionInfo? Session, long Writer, IReadOnlyList<SessionPart> Tail);

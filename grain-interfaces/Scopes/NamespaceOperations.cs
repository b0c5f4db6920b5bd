namespace Granary.GrainInterfaces;

/// <summary>
/// A client's <c>Idempotency-Key</c> with a fingerprint of the request. The same key gives the same answer; the same key
/// with another fingerprint is refused as <see cref="NamespaceStatus.OperationMismatch"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("granary.OperationKey")]
public sealed record OperationKey([property: Id(0)] string Key, [property: Id(1)] string Fingerprint)
{
    // No key of a client begins so: theirs are visible characters.
    private const char OwnMark = ' ';

    /// <summary>True for a key that the server made, to find out what became of a call that was not answered.</summary>
    public bool IsOwn => Key.StartsWith(OwnMark);

    /// <summary>A key of the server's own, for a request that has none.</summary>
    /// <param name="id">Unique.</param>
    public static OperationKey Own(Guid id) => new($"{OwnMark}{id:N}", "");
}

/// <summary>What a writer demands of the file it changes (RFC 9110, section 13).</summary>
[GenerateSerializer, Immutable, Alias("granary.Preconditions")]
public sealed record Preconditions
{
    /// <summary>Entity tags (without quotes) of which the current version must have one; null when not asked.</summary>
    [Id(0)] public IReadOnlyList<string>? IfMatch { get; init; }

    /// <summary>Any current version satisfies <c>If-Match: *</c>.</summary>
    [Id(1)] public bool IfMatchAny { get; init; }

    /// <summary><c>If-None-Match: *</c>: there must be no current version.</summary>
    [Id(2)] public bool IfAbsent { get; init; }

    /// <summary>Entity tags of which the current version must have none; null when not asked.</summary>
    [Id(3)] public IReadOnlyList<string>? IfNoneMatch { get; init; }
}

/// <summary>One change of a scope's namespace, to be applied by its only writer in a group.</summary>
[GenerateSerializer, Immutable, Alias("granary.NamespaceOperation")]
public abstract record NamespaceOperation
{
    /// <summary>The client's idempotency key, where it sent one.</summary>
    [Id(0)] public OperationKey? Operation { get; init; }

    /// <summary>Name of the credential that acts, for the change log.</summary>
    [Id(1)] public required string By { get; init; }

    /// <summary>Preconditions on the path that is changed (for a move: on the source).</summary>
    [Id(2)] public Preconditions? Preconditions { get; init; }
}

/// <summary>Turns a finished upload into the next version of its path.</summary>
[GenerateSerializer, Immutable, Alias("granary.CommitUpload")]
public sealed record CommitUpload : NamespaceOperation
{
    /// <summary>The upload whose manifest becomes the version.</summary>
    [Id(0)] public required UploadId Upload { get; init; }

    /// <summary>Where the file appears.</summary>
    [Id(1)] public required FilePath Path { get; init; }

    /// <summary>Length in bytes, checked against what the upload received.</summary>
    [Id(2)] public required long Size { get; init; }

    /// <summary>Number of chunks, checked against the upload's manifest.</summary>
    [Id(3)] public required int ChunkCount { get; init; }

    /// <summary>Identity of the content (http-api, ETag), without quotes.</summary>
    [Id(4)] public required string Etag { get; init; }

    /// <summary>SHA-256 of the whole file where it was verified; null when unknown.</summary>
    [Id(5)] public ChunkHash? Sha256 { get; init; }

    /// <summary>Media type as the client sent it.</summary>
    [Id(6)] public string? ContentType { get; init; }

    /// <summary>The client's own modification time.</summary>
    [Id(7)] public DateTimeOffset? Modified { get; init; }

    /// <summary>Copies whose bytes the stores have accepted since the last report; they become stored in the same transaction.</summary>
    [Id(8)] public IReadOnlyList<LocationId> Written { get; init; } = [];
}

/// <summary>Deletes a file: writes a tombstone version.</summary>
[GenerateSerializer, Immutable, Alias("granary.DeleteFile")]
public sealed record DeleteFile : NamespaceOperation
{
    /// <summary>The file to delete.</summary>
    [Id(0)] public required FilePath Path { get; init; }
}

/// <summary>Copies a version inside one scope, or renames: references only, no bytes.</summary>
[GenerateSerializer, Immutable, Alias("granary.CopyFile")]
public sealed record CopyFile : NamespaceOperation
{
    /// <summary>Source path.</summary>
    [Id(0)] public required FilePath From { get; init; }

    /// <summary>Target path; an existing file there gets a new version.</summary>
    [Id(1)] public required FilePath To { get; init; }

    /// <summary>True to remove the source in the same transaction (move).</summary>
    [Id(2)] public bool Move { get; init; }
}

/// <summary>Makes an earlier kept version the newest one again (S8): version 2 restored at 4 makes 5.</summary>
[GenerateSerializer, Immutable, Alias("granary.RestoreFile")]
public sealed record RestoreFile : NamespaceOperation
{
    /// <summary>The file.</summary>
    [Id(0)] public required FilePath Path { get; init; }

    /// <summary>The kept version whose content returns.</summary>
    [Id(1)] public required long Version { get; init; }
}

/// <summary>How a namespace operation ended. Refusals are values; exceptions mean faults.</summary>
[GenerateSerializer, Alias("granary.NamespaceStatus")]
public enum NamespaceStatus
{
    /// <summary>Done; the change is durable.</summary>
    Done = 0,

    /// <summary>The scope is gone or being deleted.</summary>
    ScopeGone = 1,

    /// <summary>The source file or version does not exist.</summary>
    NotFound = 2,

    /// <summary>A precondition did not hold.</summary>
    PreconditionFailed = 3,

    /// <summary>The quota of the scope has no room (S10).</summary>
    ScopeQuotaExceeded = 4,

    /// <summary>The quota of the tenant has no room (S10).</summary>
    TenantQuotaExceeded = 5,

    /// <summary>The upload is gone, was aborted, or its process died.</summary>
    UploadGone = 6,

    /// <summary>The upload lacks chunks, or its length does not fit.</summary>
    UploadIncomplete = 7,

    /// <summary>The idempotency key was used for another request.</summary>
    OperationMismatch = 8,

    /// <summary>The grain's queue is full; nothing was done (503 busy).</summary>
    Busy = 9,

    /// <summary>Source and target are the same path.</summary>
    SamePath = 10,
}

/// <summary>Answer to a namespace operation.</summary>
[GenerateSerializer, Immutable, Alias("granary.NamespaceResult")]
public sealed record NamespaceResult
{
    /// <summary>How it ended.</summary>
    [Id(0)] public required NamespaceStatus Status { get; init; }

    /// <summary>Version that was made.</summary>
    [Id(1)] public long Version { get; init; }

    /// <summary>Sequence number of the change in the scope's log.</summary>
    [Id(2)] public long Sequence { get; init; }

    /// <summary>True when the path had no current version before.</summary>
    [Id(3)] public bool Created { get; init; }

    /// <summary>Length of the version in bytes.</summary>
    [Id(4)] public long Size { get; init; }

    /// <summary>Its entity tag without quotes.</summary>
    [Id(5)] public string? Etag { get; init; }

    /// <summary>SHA-256 of the whole file where known.</summary>
    [Id(6)] public ChunkHash? Sha256 { get; init; }

    /// <summary>Chunks of the version.</summary>
    [Id(7)] public int ChunkCount { get; init; }

    /// <summary>Of those, chunks that this scope already referenced when they arrived.</summary>
    [Id(8)] public int Deduplicated { get; init; }

    /// <summary>The limit that was hit, in bytes, for quota refusals.</summary>
    [Id(9)] public long? Limit { get; init; }

    /// <summary>Bytes in use or reserved under that limit.</summary>
    [Id(10)] public long? Used { get; init; }

    /// <summary>True when the answer is the stored one of an earlier request with the same idempotency key.</summary>
    [Id(11)] public bool Replayed { get; init; }

    /// <summary>The path that was changed (of a copy or move: the target).</summary>
    [Id(12)] public FilePath? Path { get; init; }

    /// <summary>A refusal without further facts.</summary>
    public static NamespaceResult Refused(NamespaceStatus status) => new() { Status = status };
}

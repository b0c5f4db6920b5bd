using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// One upload session. Key: <c>{tenant}/{upload}</c> (<see cref="GrainKeys.Session"/>). Writes its sliding expiry in batches
/// and completes it once, however often that is asked. The rows decide: two activations do no harm.
/// </summary>
[Alias("granary.IUploadSessionGrain")]
public interface IUploadSessionGrain : IGrainWithStringKey
{
    /// <summary>Says that bytes came. Cheap: most calls write nothing.</summary>
    [AlwaysInterleave, Alias("Touch")]
    Task TouchAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes the file when every part is there. A call that timed out may have taken effect; repeating it gives the same
    /// answer.
    /// </summary>
    [Alias("Complete")]
    Task<SessionCompletion> CompleteAsync(CompleteSession request, CancellationToken cancellationToken);
}

/// <summary>Asks for the file of a session.</summary>
[GenerateSerializer, Immutable, Alias("granary.CompleteSession")]
public sealed record CompleteSession
{
    /// <summary>Name of the credential that acts, for the change log.</summary>
    [Id(0)] public required string By { get; init; }

    /// <summary>The client's idempotency key.</summary>
    [Id(1)] public OperationKey? Operation { get; init; }

    /// <summary>What the request demands of the file; null: what the session's beginning demanded.</summary>
    [Id(2)] public Preconditions? Preconditions { get; init; }

    /// <summary>SHA-256 of all bytes, computed by the caller; null when it has not been.</summary>
    [Id(3)] public ChunkHash? Sha256 { get; init; }

    /// <summary>The client's modification time; null: what the session's beginning said.</summary>
    [Id(4)] public DateTimeOffset? Modified { get; init; }
}

/// <summary>How the completion of a session ended.</summary>
[GenerateSerializer, Alias("granary.CompletionStatus")]
public enum CompletionStatus
{
    /// <summary>The namespace decided; see <see cref="SessionCompletion.Result"/>, which may be a refusal.</summary>
    Decided = 0,

    /// <summary>Parts are missing.</summary>
    Missing = 1,

    /// <summary>A digest of the whole was announced: compute it and call again with it.</summary>
    HashNeeded = 2,

    /// <summary>The whole does not have its digest; the session is over.</summary>
    DigestWrong = 3,

    /// <summary>The session's time was over.</summary>
    Expired = 4,

    /// <summary>There is no such open session.</summary>
    Gone = 5,

    /// <summary>A tus upload whose chunks have to be cut anew before they can be a file.</summary>
    Uneven = 6,
}

/// <summary>Answer to <see cref="CompleteSession"/>.</summary>
[GenerateSerializer, Immutable, Alias("granary.SessionCompletion")]
public sealed record SessionCompletion
{
    /// <summary>How it ended.</summary>
    [Id(0)] public required CompletionStatus Status { get; init; }

    /// <summary>What the namespace answered.</summary>
    [Id(1)] public NamespaceResult? Result { get; init; }

    /// <summary>The first of the missing indexes.</summary>
    [Id(2)] public int[] Missing { get; init; } = [];

    /// <summary>How many are missing.</summary>
    [Id(3)] public int MissingCount { get; init; }

    /// <summary>An answer without further facts.</summary>
    public static SessionCompletion Of(CompletionStatus status) => new() { Status = status };
}

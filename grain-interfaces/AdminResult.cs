namespace Granary.GrainInterfaces;

/// <summary>How an administrative command ended.</summary>
[GenerateSerializer, Alias("granary.AdminStatus")]
public enum AdminStatus
{
    /// <summary>Done; durable.</summary>
    Done = 0,

    /// <summary>Created; durable.</summary>
    Created = 1,

    /// <summary>Accepted; background work completes it.</summary>
    Accepted = 2,

    /// <summary>What was named does not exist.</summary>
    NotFound = 3,

    /// <summary>The name is taken, or the state forbids it (409 conflict).</summary>
    Conflict = 4,

    /// <summary>It still holds content (409 not-empty).</summary>
    NotEmpty = 5,

    /// <summary>A value is against a rule (400 invalid-request).</summary>
    Invalid = 6,

    /// <summary>The idempotency key was used for another request.</summary>
    OperationMismatch = 7,

    /// <summary>A legal hold forbids it (409 legal-hold, S22).</summary>
    LegalHold = 8,

    /// <summary>What it holds could go nowhere else (409 no-target).</summary>
    NoTarget = 9,
}

/// <summary>Answer to an administrative command: a status and, for refusals, one sentence and the offending field.</summary>
[GenerateSerializer, Immutable, Alias("granary.AdminResult")]
public sealed record AdminResult
{
    /// <summary>How it ended.</summary>
    [Id(0)] public required AdminStatus Status { get; init; }

    /// <summary>One sentence for people when refused.</summary>
    [Id(1)] public string? Detail { get; init; }

    /// <summary>The offending field, as the HTTP contract names it.</summary>
    [Id(2)] public string? Field { get; init; }

    /// <summary>Things worth telling although it was done.</summary>
    [Id(3)] public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Done without more to say.</summary>
    public static AdminResult Done { get; } = new() { Status = AdminStatus.Done };

    /// <summary>A refusal.</summary>
    public static AdminResult Refused(AdminStatus status, string detail, string? field = null) =>
        new() { Status = status, Detail = detail, Field = field };
}

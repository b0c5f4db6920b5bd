using System.Diagnostics;

namespace Granary.Crash.Tests.Model;

internal enum OperationKind
{
    Put,
    Copy,
    Move,
    Delete,
}

internal enum Outcome
{
    /// <summary>No whole answer came: it was done, or not.</summary>
    Unknown,

    /// <summary>The server said that it was done.</summary>
    Done,

    /// <summary>The server said that nothing was done.</summary>
    Refused,
}

/// <summary>One change that a client asked for, and what it heard of it.</summary>
internal sealed class Operation
{
    public required OperationKind Kind { get; init; }

    public required string Scope { get; init; }

    /// <summary>Target of a put, copy or move; what is deleted.</summary>
    public required string Path { get; init; }

    public string? From { get; init; }

    /// <summary>Where a copy comes from; its own scope unless said otherwise.</summary>
    public string? FromScope { get; init; }

    /// <summary>What is put.</summary>
    public Content? Content { get; init; }

    /// <summary>The upload session whose completion this is.</summary>
    public string? Session { get; init; }

    /// <summary>Idempotency-Key.</summary>
    public string? Key { get; init; }

    public long Started { get; } = Stopwatch.GetTimestamp();

    public long Ended { get; set; }

    public Outcome Outcome { get; set; }

    /// <summary>As answered; 0 where the answer does not say (a delete).</summary>
    public long Version { get; set; }

    public long Sequence { get; set; }

    public string? Etag { get; set; }

    /// <summary>Contents that a copy from another scope may have met.</summary>
    public IReadOnlyList<string> PossibleEtags { get; init; } = [];

    /// <summary>Why it was refused, or how the connection ended.</summary>
    public string? Answer { get; set; }

    public override string ToString() =>
        $"{Kind} {Scope}:{(From is null ? "" : $"{FromScope ?? Scope}:{From} -> ")}{Path} {Content?.Size} {Outcome} v{Version} #{Sequence} {Answer}";
}

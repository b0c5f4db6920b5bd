using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Answer to a command that creates something.</summary>
/// <typeparam name="TId">Kind of id.</typeparam>
public sealed record CreatedResult<TId>
    where TId : struct
{
    /// <summary>How it ended.</summary>
    public required AdminResult Result { get; init; }

    /// <summary>The id of what was created; null when refused.</summary>
    public TId? Id { get; init; }

    /// <summary>True when this is the stored answer of an earlier request with the same idempotency key.</summary>
    public bool Replayed { get; init; }
}

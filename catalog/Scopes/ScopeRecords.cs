using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>What a scope holds.</summary>
public sealed record ScopeDetails
{
    /// <summary>Bytes of kept versions.</summary>
    public required long LogicalBytes { get; init; }

    /// <summary>Bytes reserved by open uploads.</summary>
    public required long ReservedBytes { get; init; }

    /// <summary>Bytes of the distinct chunks that the scope references.</summary>
    public required long UniqueBytes { get; init; }

    /// <summary>Files that have a current version.</summary>
    public required long Files { get; init; }

    /// <summary>Files under a legal hold of their own.</summary>
    public required long Holds { get; init; }

    /// <summary>Per store that is attached or holds chunks of the scope: what lies there.</summary>
    public required IReadOnlyList<ScopeStoreContent> Stores { get; init; }

    /// <summary>When <see cref="Stores"/> was counted; the other members are current.</summary>
    public required DateTimeOffset CountedAt { get; init; }
}

/// <summary>Chunks of one scope in one store.</summary>
/// <param name="Store">The store.</param>
/// <param name="Chunks">Distinct chunks that have a stored copy there.</param>
/// <param name="Bytes">Their length together.</param>
public sealed record ScopeStoreContent(StoreId Store, long Chunks, long Bytes);

/// <summary>The first step of detaching a store from a scope, or of making it write-only.</summary>
/// <param name="Result">Whether nothing new relies on the store from now on.</param>
/// <param name="Attempt">Number of this attempt, for the steps that follow.</param>
public sealed record DetachAttempt(AdminResult Result, long Attempt);

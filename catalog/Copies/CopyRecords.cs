using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Why a chunk is copied; decides what the target must be for the copy to count.</summary>
public enum CopyPurpose
{
    /// <summary>The target is populated with every chunk of the scope.</summary>
    Populate = 0,

    /// <summary>The scope leaves another store: the target takes what uploads of the scope could go to.</summary>
    Drain = 1,

    /// <summary>Another store is over a limit: the target takes what uploads of the scope could go to.</summary>
    Shrink = 2,

    /// <summary>A copy was lost or is damaged: the target gets a good one, whatever its soft limit.</summary>
    Repair = 3,

    /// <summary>The chunk is read often: the target is nearer.</summary>
    Hot = 4,
}

/// <summary>Asks to begin a copy.</summary>
public sealed record BeginCopy
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The chunk.</summary>
    public required ChunkHash Hash { get; init; }

    /// <summary>The store that gets a copy.</summary>
    public required StoreId Target { get; init; }

    /// <summary>The silo's life that writes and pays.</summary>
    public required SiloEpoch Epoch { get; init; }

    /// <summary>Why.</summary>
    public required CopyPurpose Purpose { get; init; }

    /// <summary>The scope for whose policy; null where it is for all that reference the chunk.</summary>
    public ScopeId? Scope { get; init; }

    /// <summary>A damaged copy in the target that the new one takes the place of: it does not count as being there.</summary>
    public LocationId? Replaces { get; init; }
}

/// <summary>What becomes of a copy that was asked for. The numbers mean nothing.</summary>
public enum CopyBeginStatus
{
    /// <summary>Recorded: write the bytes under the location, then complete it.</summary>
    Write,

    /// <summary>The target has a stored copy.</summary>
    AlreadyThere,

    /// <summary>Somebody writes such a copy right now.</summary>
    Busy,

    /// <summary>No copy is stored yet: the upload that brings the chunk is under way.</summary>
    NotYet,

    /// <summary>Nothing (of the scope) references the chunk any more.</summary>
    ChunkGone,

    /// <summary>The target is not what the purpose needs any more: detached, read-only, not populated.</summary>
    NotWanted,

    /// <summary>The target's soft limit would be passed.</summary>
    OverSoftLimit,

    /// <summary>The block of space has too little: ask the store's grain, then ask again. Nothing was recorded.</summary>
    NeedsSpace,

    /// <summary>The silo's life is over.</summary>
    EpochDead,
}

/// <summary>Answer to <see cref="BeginCopy"/>.</summary>
public sealed record CopyBegun
{
    /// <summary>What to do.</summary>
    public required CopyBeginStatus Status { get; init; }

    /// <summary>The copy to write.</summary>
    public LocationId Location { get; init; }

    /// <summary>The chunk's bytes.</summary>
    public int Size { get; init; }

    /// <summary>Stored copies to read from.</summary>
    public IReadOnlyList<ChunkCopy> Sources { get; init; } = [];

    internal static CopyBegun Of(CopyBeginStatus status, int size = 0) => new() { Status = status, Size = size };
}

/// <summary>How the completion of a copy ended.</summary>
public enum CopyCompletion
{
    /// <summary>The copy counts from now on.</summary>
    Stored,

    /// <summary>Nobody wants it any more; it is being deleted.</summary>
    NotWanted,

    /// <summary>It is not ours to complete: the silo's life ended, or somebody else settled it.</summary>
    Lost,
}

/// <summary>Why a copy is to go.</summary>
public enum ReleaseReason
{
    /// <summary>One scope drains the store.</summary>
    Drain,

    /// <summary>One scope's soft limit in the store.</summary>
    ShrinkScope,

    /// <summary>The store's own limit: every scope gives way that can read the chunk elsewhere.</summary>
    ShrinkStore,

    /// <summary>No scope that references the chunk has the store attached.</summary>
    Leftover,

    /// <summary>The store's silo is to leave: every scope gives way that can read the chunk elsewhere, also one that populates.</summary>
    EmptyStore,
}

/// <summary>Asks to let one copy go.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Hash">The chunk.</param>
/// <param name="Store">Where the copy is.</param>
/// <param name="Reason">Why.</param>
/// <param name="Scope">The scope that withdraws its claim; null where the reason is the store's.</param>
public sealed record ReleaseCopy(TenantId Tenant, ChunkHash Hash, StoreId Store, ReleaseReason Reason, ScopeId? Scope);

/// <summary>What may become of a copy that is to go.</summary>
public enum ReleaseKind
{
    /// <summary>It may go; after a release: it is being deleted.</summary>
    Free,

    /// <summary>A scope could not read the chunk any more: it needs a copy elsewhere first.</summary>
    CopyFirst,

    /// <summary>Another scope needs the copy where it is.</summary>
    Kept,

    /// <summary>There is no such stored copy, or nothing (of the scope) references the chunk.</summary>
    Gone,
}

/// <summary>A decision about one copy.</summary>
/// <param name="Kind">What may become of it.</param>
/// <param name="Scope">The scope that needs a copy elsewhere, or that keeps it.</param>
public readonly record struct ReleaseVerdict(ReleaseKind Kind, ScopeId? Scope = null);

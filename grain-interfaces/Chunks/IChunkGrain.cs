using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// Live state of one chunk. Key: <c>{tenant}/{sha256}</c>. An optimisation, bounded in time, never the lock: it makes
/// concurrent writers of the same new chunk (from 256 KiB up) wait for the first of them (design, section 4).
/// </summary>
[Alias("granary.IChunkGrain")]
public interface IChunkGrain : IGrainWithStringKey
{
    /// <summary>
    /// Asks to be the one who writes the chunk. Answers at once for the first caller, and for others when the writer has
    /// released the claim or a bound has passed; then the rows decide.
    /// </summary>
    /// <param name="claimant">The upload that asks.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    [AlwaysInterleave, Alias("ClaimWrite")]
    Task<WriteClaim> ClaimWriteAsync(UploadId claimant, CancellationToken cancellationToken);

    /// <summary>Gives the claim back after success or failure.</summary>
    [AlwaysInterleave, Alias("ReleaseWrite")]
    Task ReleaseWriteAsync(UploadId claimant, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a copy of a chunk that is read often in a store that serves it faster, within that store's limits; nothing is
    /// moved out of the way for it (G9). Those who ask for the same at one time get one copy.
    /// </summary>
    /// <param name="scope">The scope whose readers it is for.</param>
    /// <param name="target">The store that gets it.</param>
    /// <param name="cancellationToken">Gives up; what was begun is cleaned up.</param>
    [AlwaysInterleave, Alias("CopyNearer")]
    Task<NearerCopy> CopyNearerAsync(ScopeId scope, StoreId target, CancellationToken cancellationToken);
}

/// <summary>How a copy for faster reads ended.</summary>
[GenerateSerializer, Alias("granary.NearerCopy")]
public enum NearerCopy
{
    /// <summary>The store has a verified copy now.</summary>
    Made = 0,

    /// <summary>It has no room within its limits, or takes no copies for the scope.</summary>
    NoRoom = 1,

    /// <summary>It came to nothing; a later try may succeed.</summary>
    Failed = 2,
}

/// <summary>Answer to a claim.</summary>
[GenerateSerializer, Alias("granary.WriteClaim")]
public enum WriteClaim
{
    /// <summary>The caller writes, and releases afterwards.</summary>
    Writer = 0,

    /// <summary>Somebody else has just written it, or tried to: look at the rows again, write if there is no copy.</summary>
    LookAgain = 1,
}

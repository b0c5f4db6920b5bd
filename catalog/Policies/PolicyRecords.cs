using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A chunk that a policy concerns.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Hash">The chunk.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Used">When its copy was last read, or came to be where it was never read; where it was asked for.</param>
/// <param name="Location">The copy; where copies are walked.</param>
public readonly record struct PolicyChunk(TenantId Tenant, ChunkHash Hash, long Size, DateTimeOffset Used = default, LocationId Location = default);

/// <summary>A page of a walk over a scope's chunks, in the order of their names.</summary>
/// <param name="Chunks">What the policy concerns; may be empty before the end.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record ScopePage(IReadOnlyList<PolicyChunk> Chunks, ChunkHash? Next);

/// <summary>A page of a walk over a store's copies, in the order of their ids.</summary>
/// <param name="Chunks">What the policy concerns; may be empty before the end.</param>
/// <param name="Next">Where the next page begins; null after the last one.</param>
public sealed record StorePage(IReadOnlyList<PolicyChunk> Chunks, LocationId? Next);

/// <summary>A page of what a scope's change log says.</summary>
/// <param name="Chunks">Chunks of new versions that a store lacks.</param>
/// <param name="Next">Where the next page begins.</param>
/// <param name="Ended">The log has no more.</param>
/// <param name="Gap">The log begins later: everything has to be compared.</param>
public sealed record FollowPage(IReadOnlyList<PolicyChunk> Chunks, FollowPosition Next, bool Ended, bool Gap);

/// <summary>A place in a scope's change log and the manifest of the version it names.</summary>
/// <param name="Sequence">The change that was read last.</param>
/// <param name="Index">Chunks of the following change that were looked at.</param>
public readonly record struct FollowPosition(long Sequence, int Index);

/// <summary>How far a populated store is known to have everything.</summary>
/// <param name="Sequence">What the change log says up to here is there.</param>
/// <param name="Walked">When everything was last compared without a failure; null: never, or it is to be compared again.</param>
public sealed record PopulateProgress(long Sequence, DateTimeOffset? Walked);

/// <summary>How much two parties hold, to choose the shorter walk.</summary>
/// <param name="ScopeChunks">Distinct chunks of the scope.</param>
/// <param name="ScopeBytes">Their bytes.</param>
/// <param name="StoreChunks">Stored copies of the store.</param>
/// <param name="StoreBytes">Their bytes.</param>
/// <param name="LastLocation">The newest copy of the store; null when it has none.</param>
public sealed record PolicySizes(long ScopeChunks, long ScopeBytes, long StoreChunks, long StoreBytes, LocationId? LastLocation);

/// <summary>Chunks and bytes that something comes to.</summary>
/// <param name="Chunks">Chunks.</param>
/// <param name="Bytes">Their bytes.</param>
public readonly record struct PolicyTotals(long Chunks, long Bytes);

/// <summary>Where the choice of least recently read copies of a store goes on: two walks that are merged by time.</summary>
/// <param name="ReadAt">Last copy of the walk over read ones: when it was read,</param>
/// <param name="ReadTenant">its tenant</param>
/// <param name="ReadHash">and its chunk; null at the beginning.</param>
/// <param name="Unread">Last copy of the walk over copies that were never read; 0 at the beginning.</param>
public readonly record struct LeastRecentPosition(long ReadAt, long ReadTenant, ChunkHash? ReadHash, long Unread);

/// <summary>Copies of a store, least recently read first.</summary>
/// <param name="Chunks">At most as many as were asked for; may be fewer, or none, before the end.</param>
/// <param name="Next">Where the next choice goes on.</param>
/// <param name="Ended">There are no more.</param>
public sealed record LeastRecentPage(IReadOnlyList<PolicyChunk> Chunks, LeastRecentPosition Next, bool Ended);

/// <summary>What a scope's own claim in a store comes to, and its least recently read part.</summary>
/// <param name="Bytes">Bytes of copies that no other scope keeps there.</param>
/// <param name="KeptChunks">Copies of the scope's chunks that another scope keeps there; they do not count.</param>
/// <param name="Oldest">Least recently read first, at most as many as were asked for.</param>
public sealed record ScopeClaim(long Bytes, long KeptChunks, IReadOnlyList<PolicyChunk> Oldest);

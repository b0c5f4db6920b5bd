using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Whether a copy may go (design, Policies that meet on a shared chunk; rules 2 and 5; D39, G16). Pure: the rows are read by
/// the caller, under the chunk's lock where it acts on the answer.
/// </summary>
internal static class ReleaseRule
{
    /// <summary>Decides.</summary>
    /// <param name="store">Where the copy is.</param>
    /// <param name="reason">Why it is to go.</param>
    /// <param name="scope">The scope that withdraws its claim; null where the reason is the store's.</param>
    /// <param name="claims">Attachments of every living scope that references the chunk, of all stores.</param>
    /// <param name="stored">Stores that hold a stored copy.</param>
    public static ReleaseVerdict Decide(
        StoreId store, ReleaseReason reason, ScopeId? scope, IReadOnlyList<ChunkClaim> claims, IReadOnlySet<StoreId> stored)
    {
        // 1. The scope whose policy it is must be able to read the chunk elsewhere.
        if (scope is { } own && !CanReadElsewhere(own, store, claims, stored))
        {
            return new ReleaseVerdict(ReleaseKind.CopyFirst, own);
        }

        // 2. No other scope may lose what it relies on.
        foreach (var claim in claims)
        {
            if (claim.Store != store || claim.Scope == scope)
            {
                continue;
            }

            if (Insists(claim, reason))
            {
                return new ReleaseVerdict(ReleaseKind.Kept, claim.Scope);
            }

            if (!claim.WriteOnly && !CanReadElsewhere(claim.Scope, store, claims, stored))
            {
                // A scope that drains the store moves its chunks itself; for a store's limit somebody has to do it for it.
                return new ReleaseVerdict(scope is null ? ReleaseKind.CopyFirst : ReleaseKind.Kept, claim.Scope);
            }
        }

        // 3. Whatever the attachments say, the last copy of a referenced chunk stays.
        return stored.Any(other => other != store) ? new ReleaseVerdict(ReleaseKind.Free) : new ReleaseVerdict(ReleaseKind.Kept);
    }

    // Populate asks for the copy in so many words; having the store without draining it does so against one scope's policy,
    // but gives way to the store's own limit. A disk that leaves takes nobody's wishes into account.
    private static bool Insists(ChunkClaim claim, ReleaseReason reason) => reason switch
    {
        ReleaseReason.Drain or ReleaseReason.ShrinkScope => claim.Populate || !claim.Drain,
        ReleaseReason.ShrinkStore => claim.Populate,
        ReleaseReason.EmptyStore => false,
        _ => true,
    };

    private static bool CanReadElsewhere(ScopeId scope, StoreId store, IReadOnlyList<ChunkClaim> claims, IReadOnlySet<StoreId> stored)
    {
        foreach (var claim in claims)
        {
            if (claim.Scope == scope && claim.Store != store && !claim.Leaving && !claim.WriteOnly && stored.Contains(claim.Store))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>One attachment of a scope that references a chunk.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Store">The store.</param>
/// <param name="Populate">Wants every chunk of the scope there.</param>
/// <param name="Drain">Wants none there.</param>
/// <param name="WriteOnly">Is never read for the scope.</param>
/// <param name="Leaving">Is being detached: nothing new relies on it.</param>
internal readonly record struct ChunkClaim(ScopeId Scope, StoreId Store, bool Populate, bool Drain, bool WriteOnly, bool Leaving);

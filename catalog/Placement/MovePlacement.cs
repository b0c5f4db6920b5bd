using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Where maintenance may move a chunk of a scope, best first. A pure decision over the topology.</summary>
public static class MovePlacement
{
    /// <summary>
    /// The stores that uploads of the scope could go to (D1, D2, D5), without the one that is left (D35) and without those that
    /// are drained themselves; with a named target only that one (D36). Room is decided with the rows.
    /// </summary>
    /// <param name="attachments">The scope's attachments.</param>
    /// <param name="stores">Finds a store; null where it is gone.</param>
    /// <param name="from">The store that is left.</param>
    /// <param name="isUsable">False for stores that are offline or failed a moment ago.</param>
    public static IReadOnlyList<StoreId> Targets(
        IReadOnlyList<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores, StoreId from, Func<StoreId, bool> isUsable)
    {
        var drainTo = attachments.FirstOrDefault(attachment => attachment.Settings.Store == from)?.Settings is { Drain: true, DrainTo: { } named } ? named : (StoreId?)null;
        var eligible = attachments
            .Where(attachment => attachment.Settings.Store != from && !attachment.Settings.Drain && (drainTo is null || attachment.Settings.Store == drainTo))
            .ToArray();
        return WritePlacement.Candidates(eligible, stores, isUsable);
    }
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Which stores a scope's new chunks are written to (design, Choosing where to write). Pure.</summary>
public static class WritePlacement
{
    /// <summary>
    /// Candidates, best first: attached and active stores, minus readOnly and writeOnly (D1, D5), minus those that cannot be
    /// used now; uploadPriority descending, null last (D2), then name (D3). Soft limits play no part (D4); the hard limit
    /// is decided in the transaction that takes the space.
    /// </summary>
    /// <param name="attachments">The scope's attachments.</param>
    /// <param name="stores">Looks a store up; null for one that is unknown.</param>
    /// <param name="isUsable">Whether a store can be written now.</param>
    public static StoreId[] Candidates(IEnumerable<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores, Func<StoreId, bool> isUsable) =>
        [.. attachments
            .Where(static attachment => attachment.State == AttachmentState.Active && attachment.Settings is { ReadOnly: false, WriteOnly: false })
            .Select(attachment => (attachment.Settings, Store: stores(attachment.Settings.Store)))
            .Where(pair => pair.Store is { State: StoreState.Active } && isUsable(pair.Store.Id))
            .OrderByDescending(static pair => pair.Settings.UploadPriority.HasValue)
            .ThenByDescending(static pair => pair.Settings.UploadPriority)
            .ThenBy(static pair => pair.Store!.Name, StringComparer.Ordinal)
            .Select(static pair => pair.Settings.Store)];
}

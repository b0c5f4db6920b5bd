using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>In which order copies are tried for reading (design, Reading). Pure.</summary>
public static class ReadPlacement
{
    /// <summary>
    /// Copies a scope may read, best first: in attached stores that are not writeOnly (D10; readOnly and draining stores
    /// still serve, D11, and so does one that is being detached until it is gone); downloadPriority descending null last,
    /// then uploadPriority descending null last, then a store on this silo, then name.
    /// </summary>
    /// <param name="copies">Stored copies of the chunk.</param>
    /// <param name="attachments">The scope's attachments.</param>
    /// <param name="stores">Looks a store up; null for one that is unknown.</param>
    /// <param name="isOnThisSilo">Whether a store is read by this silo without a hop.</param>
    /// <returns>Empty when the scope can read none of them (D12).</returns>
    public static IReadOnlyList<ChunkCopy> Order(
        IReadOnlyList<ChunkCopy> copies, IReadOnlyList<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores, Func<StoreId, bool> isOnThisSilo)
    {
        if (copies.Count == 1)
        {
            // The usual case, once per chunk of every GET.
            return IsReadable(copies[0], attachments, stores) ? copies : [];
        }

        return [.. copies
            .Select(copy => (Copy: copy, Settings: Find(copy, attachments), Store: stores(copy.Store)))
            .Where(static entry => entry is { Settings.WriteOnly: false, Store: not null })
            .OrderByDescending(static entry => entry.Settings!.DownloadPriority.HasValue)
            .ThenByDescending(static entry => entry.Settings!.DownloadPriority)
            .ThenByDescending(static entry => entry.Settings!.UploadPriority.HasValue)
            .ThenByDescending(static entry => entry.Settings!.UploadPriority)
            .ThenByDescending(entry => isOnThisSilo(entry.Copy.Store))
            .ThenBy(static entry => entry.Store!.Name, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Copy.Location.Value)
            .Select(static entry => entry.Copy)];
    }

    private static bool IsReadable(ChunkCopy copy, IReadOnlyList<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores) =>
        Find(copy, attachments) is { WriteOnly: false } && stores(copy.Store) is not null;

    private static AttachmentSettings? Find(ChunkCopy copy, IReadOnlyList<AttachmentInfo> attachments)
    {
        foreach (var attachment in attachments)
        {
            if (attachment.Settings.Store == copy.Store)
            {
                return attachment.Settings;
            }
        }

        return null;
    }
}

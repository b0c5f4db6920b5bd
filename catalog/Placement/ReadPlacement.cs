using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Which copy of a chunk a scope reads, best first. A pure decision over the topology.</summary>
public static class ReadPlacement
{
    /// <summary>
    /// The copies that a scope may read (D10, D11): in stores that are attached to it and not write-only; read-only and
    /// leaving ones still serve. Order: download priority descending, none last, then upload priority descending, none last,
    /// then stores of this silo, then name (design, Reading).
    /// </summary>
    /// <param name="copies">Stored copies of the chunk.</param>
    /// <param name="attachments">The scope's attachments.</param>
    /// <param name="stores">Finds a store; null where it is gone.</param>
    /// <param name="isOnThisSilo">True for stores that this silo reads without another one's help.</param>
    public static IReadOnlyList<ChunkCopy> Order(
        IReadOnlyList<ChunkCopy> copies, IReadOnlyList<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores, Func<StoreId, bool> isOnThisSilo)
    {
        var readable = new List<Candidate>(copies.Count);
        foreach (var copy in copies)
        {
            foreach (var attachment in attachments)
            {
                if (attachment.Settings.Store == copy.Store && !attachment.Settings.WriteOnly && stores(copy.Store) is { } store)
                {
                    readable.Add(new Candidate(copy, attachment.Settings, isOnThisSilo(copy.Store), store.Name));
                    break;
                }
            }
        }

        if (readable.Count > 1)
        {
            readable.Sort(Compare);
        }

        return readable.ConvertAll(c => c.Copy);
    }

    private static int Compare(Candidate a, Candidate b)
    {
        var order = PlacementOrder.Descending(a.Settings.DownloadPriority, b.Settings.DownloadPriority);
        order = order != 0 ? order : PlacementOrder.Descending(a.Settings.UploadPriority, b.Settings.UploadPriority);
        order = order != 0 ? order : b.IsOnThisSilo.CompareTo(a.IsOnThisSilo);
        order = order != 0 ? order : string.CompareOrdinal(a.StoreName, b.StoreName);
        return order != 0 ? order : a.Copy.Location.Value.CompareTo(b.Copy.Location.Value);
    }

    private readonly record struct Candidate(ChunkCopy Copy, AttachmentSettings Settings, bool IsOnThisSilo, string StoreName);
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Where a chunk of a scope may be written, best first. A pure decision over the topology.</summary>
public static class WritePlacement
{
    /// <summary>
    /// The stores of a scope that take ordinary uploads (D1, D5): attached and not read-only, not write-only, not leaving;
    /// not being deleted, not of a silo that is to leave; usable now. Order: upload priority descending, none last (D2), then name (D3). Whether a store has
    /// room is decided with its rows (D1, D7); soft limits do not matter here (D4).
    /// </summary>
    /// <param name="attachments">The scope's attachments.</param>
    /// <param name="stores">Finds a store; null where it is gone.</param>
    /// <param name="isUsable">False for stores that are offline or failed a moment ago.</param>
    public static IReadOnlyList<StoreId> Candidates(
        IReadOnlyList<AttachmentInfo> attachments, Func<StoreId, StoreInfo?> stores, Func<StoreId, bool> isUsable)
    {
        if (attachments.Count == 1)
        {
            // By far the most frequent case, on the path of every small file.
            return Takes(attachments[0], stores, isUsable) is null ? [] : [attachments[0].Settings.Store];
        }

        var candidates = new List<(int? Priority, string Name, StoreId Store)>(attachments.Count);
        foreach (var attachment in attachments)
        {
            if (Takes(attachment, stores, isUsable) is { } store)
            {
                candidates.Add((attachment.Settings.UploadPriority, store.Name, store.Id));
            }
        }

        candidates.Sort(static (a, b) =>
            PlacementOrder.Descending(a.Priority, b.Priority) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name));
        return candidates.ConvertAll(c => c.Store);
    }

    private static StoreInfo? Takes(AttachmentInfo attachment, Func<StoreId, StoreInfo?> stores, Func<StoreId, bool> isUsable)
    {
        var settings = attachment.Settings;
        return settings.ReadOnly || settings.WriteOnly || attachment.State != AttachmentState.Active
            || stores(settings.Store) is not { State: StoreState.Active, IsEmptied: false } store || !isUsable(store.Id)
            ? null
            : store;
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Scopes;

/// <summary>The table of a scope's stores in the order in which they are written (D54), then those that only hold leftovers.</summary>
internal static class ScopeStoreTable
{
    /// <summary>Makes the rows.</summary>
    public static IReadOnlyList<ScopeStoreView> Rows(Topology topology, ScopeInfo scope, ScopeDetails details)
    {
        var content = details.Stores.ToDictionary(c => c.Store);
        var rows = new List<ScopeStoreView>();
        foreach (var (attachment, store) in Ordered(topology, scope))
        {
            content.Remove(store.Id, out var held);
            rows.Add(new ScopeStoreView(
                store.Name, store.Backend, attachment.Settings.UploadPriority, attachment.Settings.DownloadPriority,
                Policy(topology, attachment.Settings), attachment.State == AttachmentState.Active ? "attached" : "leaving",
                CopyReason.Of(attachment, topology), held?.Chunks ?? 0, held?.Bytes ?? 0));
        }

        foreach (var held in content.Values.Where(c => c.Chunks > 0))
        {
            if (topology.Store(held.Store) is { } store)
            {
                rows.Add(new ScopeStoreView(store.Name, store.Backend, null, null, null, "detached", "left over", held.Chunks, held.Bytes));
            }
        }

        return rows;
    }

    private static IEnumerable<(AttachmentInfo Attachment, StoreInfo Store)> Ordered(Topology topology, ScopeInfo scope) =>
        topology.Attachments(scope.Id)
            .Select(a => (Attachment: a, Store: topology.Store(a.Settings.Store)))
            .Where(row => row.Store is not null)
            .Select(row => (row.Attachment, row.Store!))
            .OrderByDescending(row => row.Attachment.Settings.UploadPriority ?? long.MinValue)
            .ThenByDescending(row => row.Attachment.Settings.DownloadPriority ?? long.MinValue)
            .ThenBy(row => row.Item2.Name, StringComparer.Ordinal);

    private static PolicyView Policy(Topology topology, AttachmentSettings settings)
    {
        object drain = settings.DrainTo is { } target && topology.Store(target) is { } store ? store.Name : settings.Drain;
        return new PolicyView(settings.Populate, drain, settings.ReadOnly, settings.WriteOnly, settings.SoftMaxSize);
    }
}

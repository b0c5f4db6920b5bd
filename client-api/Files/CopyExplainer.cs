using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Files;

/// <summary>Says of every copy of a chunk whether a scope can read it, and why it is where it is (G15).</summary>
internal sealed class CopyExplainer(Topology topology, ScopeId scope, IStoreDirectory directory, CorruptCopies corrupt, bool seesOthers)
{
    private readonly IReadOnlyList<AttachmentInfo> _attachments = topology.Attachments(scope);

    /// <summary>
    /// All copies that may be told. A store that is not attached to the scope holds its copy for somebody else: the scope
    /// learns nothing of it.
    /// </summary>
    public IReadOnlyList<CopyItem> Explain(ExplainedChunk chunk)
    {
        var items = new List<CopyItem>();
        foreach (var copy in chunk.Copies)
        {
            if (_attachments.FirstOrDefault(a => a.Settings.Store == copy.Store) is not { } attachment)
                continue;
            var (readable, reason) = Judge(chunk, copy, attachment);
            items.Add(new CopyItem(topology.Store(copy.Store)?.Name ?? copy.Store.ToString(), StateName(copy.State), readable, reason));
        }

        return items;
    }

    private (bool Readable, string Reason) Judge(ExplainedChunk chunk, ExplainedCopy copy, AttachmentInfo attachment)
    {
        if (copy.State == LocationState.Writing)
            return (false, "It is being written.");
        if (copy.State == LocationState.Deleting)
            return (false, "It is being deleted and charged until the store says that it is gone.");
        if (attachment.Settings.WriteOnly)
            return (false, Why(chunk, copy));
        if (!directory.IsUsable(copy.Store))
            return (false, "The store is offline now.");
        if (corrupt.Contains(copy.Location))
            return (false, "Its bytes are corrupt; it waits for repair.");
        return (true, Why(chunk, copy));
    }

    private string Why(ExplainedChunk chunk, ExplainedCopy copy) => CopyReason.Of(topology, scope, chunk, copy.Store, seesOthers);

    private static string StateName(LocationState state) => state switch
    {
        LocationState.Writing => "writing",
        LocationState.Stored => "stored",
        _ => "deleting",
    };
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Stores;

/// <summary>Chooses among the stores of one scope, by the rules in the catalog and by what is reachable now.</summary>
/// <param name="topology">Attachments and stores.</param>
/// <param name="scope">The scope.</param>
/// <param name="directory">What is open, and healthy.</param>
internal sealed class ScopeStores(Topology topology, ScopeId scope, IStoreDirectory directory)
{
    private readonly IReadOnlyList<AttachmentInfo> _attachments = topology.Attachments(scope);

    /// <summary>The scope.</summary>
    public ScopeId Scope => scope;

    /// <summary>Stores to write to, best first (D1, D2, D5).</summary>
    public StoreId[] WriteCandidates() => [.. WritePlacement.Candidates(_attachments, topology.Store, directory.IsUsable)];

    /// <summary>Attached stores that cannot be read now, so that a copy there is no dedup hit.</summary>
    public StoreId[] Unusable()
    {
        List<StoreId>? unusable = null;
        foreach (var attachment in _attachments)
        {
            if (!directory.IsUsable(attachment.Settings.Store))
                (unusable ??= []).Add(attachment.Settings.Store);
        }

        return unusable is null ? [] : [.. unusable];
    }

    /// <summary>True when only health keeps some store from being written: a repeat later may succeed.</summary>
    public bool SomeOffline()
    {
        foreach (var attachment in _attachments)
        {
            var settings = attachment.Settings;
            if (attachment.State == AttachmentState.Active && !settings.ReadOnly && !settings.WriteOnly
                && topology.Store(settings.Store) is { State: StoreState.Active } && !directory.IsUsable(settings.Store))
                return true;
        }

        return false;
    }

    /// <summary>Copies that this scope can read, best first (D10, D11).</summary>
    public IReadOnlyList<ChunkCopy> ReadOrder(IReadOnlyList<ChunkCopy> copies) =>
        ReadPlacement.Order(copies, _attachments, topology.Store, IsLocal);

    /// <summary>Has this scope a copy that can be read now?</summary>
    public bool CanRead(IReadOnlyList<ChunkCopy> copies)
    {
        foreach (var copy in ReadOrder(copies))
        {
            if (directory.IsUsable(copy.Store))
                return true;
        }

        return false;
    }

    /// <summary>Is the copy that would be read first in a store that is not on this machine?</summary>
    public bool IsFar(IReadOnlyList<ChunkCopy> copies)
    {
        foreach (var copy in ReadOrder(copies))
        {
            if (directory.IsUsable(copy.Store))
                return !IsLocal(copy.Store);
        }

        return false;
    }

    /// <summary>
    /// Stores on this machine that could get a copy and would be read before a store that is not, best first: without such
    /// a place in the order a copy there would bring nothing (G9).
    /// </summary>
    public IReadOnlyList<StoreId> NearerThan(StoreId far)
    {
        var places = new List<ChunkCopy> { new(far, default) };
        foreach (var attachment in _attachments)
        {
            var settings = attachment.Settings;
            if (settings.Store != far && attachment.State == AttachmentState.Active && !settings.ReadOnly && !settings.WriteOnly && !settings.Drain
                && topology.Store(settings.Store) is { State: StoreState.Active } && directory.IsUsable(settings.Store) && IsLocal(settings.Store))
                places.Add(new ChunkCopy(settings.Store, default));
        }

        return [.. ReadOrder(places).Select(static place => place.Store).TakeWhile(store => store != far)];
    }

    /// <summary>The name of a store, for people.</summary>
    public string NameOf(StoreId store) => topology.Store(store)?.Name ?? store.ToString();

    private bool IsLocal(StoreId store) => directory.TryGet(store, out var open) && open.Traits.IsLocal;
}

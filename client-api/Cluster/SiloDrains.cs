using Granary.Catalog;

namespace Granary.ClientApi.Cluster;

/// <summary>How far silos are that are to leave, as answers show it.</summary>
internal sealed class SiloDrains(SiloDrainCatalog catalog)
{
    /// <summary>All of them, by name.</summary>
    public async Task<IReadOnlyList<SiloDrainView>> ListAsync(Topology topology, CancellationToken cancellationToken)
    {
        var views = new List<SiloDrainView>();
        foreach (var drain in await catalog.ListAsync(cancellationToken))
        {
            views.Add(await ViewAsync(topology, drain, cancellationToken));
        }

        return views;
    }

    /// <summary>One of them; null when the silo is not drained.</summary>
    public async Task<SiloDrainView?> FindAsync(Topology topology, string silo, CancellationToken cancellationToken) =>
        (await catalog.ListAsync(cancellationToken)).FirstOrDefault(drain => drain.Silo == silo) is { } found
            ? await ViewAsync(topology, found, cancellationToken)
            : null;

    private async Task<SiloDrainView> ViewAsync(Topology topology, SiloDrain drain, CancellationToken cancellationToken)
    {
        var stores = new List<DrainedStoreView>();
        foreach (var store in topology.Stores.Where(store => store.Silo == drain.Silo && store.State == StoreState.Active))
        {
            var held = await catalog.HeldAsync(store.Id, cancellationToken);
            stores.Add(new DrainedStoreView(store.Name, held.Chunks, held.Bytes, held.IsNeeded));
        }

        var needed = stores.Where(static store => store.Needed).Select(static store => store.Name).ToList();
        return new SiloDrainView(
            drain.Silo, needed.Count > 0 ? "draining" : "drained", drain.Since, drain.Actor, drain.Run.ToString(), stores, Sentence(drain.Silo, stores.Count, needed));
    }

    private static string Sentence(string silo, int stores, List<string> needed) => (stores, needed.Count) switch
    {
        (0, _) => $"Silo {silo} has no local store: its bytes are where other silos reach them, and it may leave.",
        (_, 0) => $"Nothing in the local stores of silo {silo} is needed any more: it may leave.",
        _ => $"{string.Join(", ", needed)} still holds what is needed: silo {silo} has to stay.",
    };
}

/// <summary>A silo that is to leave: <paramref name="State"/> is <c>draining</c> while its stores hold what is needed, then <c>drained</c>.</summary>
internal sealed record SiloDrainView(
    string Silo, string State, DateTimeOffset Since, string By, string Run, IReadOnlyList<DrainedStoreView> Stores, string Detail);

/// <summary>What a local store of it still holds, garbage that waits for its collection included, and whether anything of it is needed.</summary>
internal sealed record DrainedStoreView(string Name, long Chunks, long Bytes, bool Needed);

using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.FileStores;
using Granary.Stores;

namespace Granary.Silo.Cluster;

/// <summary>How local stores of other silos are opened here: through their owners, as long as those live.</summary>
/// <param name="addresses">Where the silos are.</param>
/// <param name="silo">Who we are.</param>
/// <param name="token">What silos show each other.</param>
internal sealed class PeerStores(SiloAddressCatalog addresses, ISiloContext silo, string token)
{
    /// <summary>Definitions of the stores that belong to other living silos. A store whose silo is gone has none: it is offline.</summary>
    public async Task<IEnumerable<ChunkStoreDefinition>> DefineAsync(Topology topology, CancellationToken cancellationToken)
    {
        var foreign = topology.Stores.Where(store => store.Silo is { } owner && owner != silo.SiloName).ToList();
        if (foreign.Count == 0)
        {
            return [];
        }

        var living = (await addresses.ListAsync(cancellationToken)).ToDictionary(static address => address.Silo, StringComparer.Ordinal);
        return foreign.Where(store => living.ContainsKey(store.Silo!)).Select(store => new ChunkStoreDefinition
        {
            InstallationId = silo.InstallationId,
            StoreId = store.Id.ToString(),
            Name = store.Name,
            Configuration = new RemoteStoreConfig { Endpoint = new Uri(living[store.Silo!].Endpoint), Silo = store.Silo! },
            Credentials = new StoreCredentials(silo.Epoch.ToString(), token),
            MaxConcurrentReads = store.Settings.MaxConcurrentReads,
            MaxConcurrentWrites = store.Settings.MaxConcurrentWrites,
        });
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Granary.Silo.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>What must be in the catalog before a silo runs.</summary>
/// <param name="Id">The installation.</param>
/// <param name="Epoch">This life of the silo.</param>
internal sealed record Installation(string Id, SiloEpoch Epoch)
{
    /// <summary>Makes the installation's id and its first tenant, scope and store where they are missing, and begins a life of the silo.</summary>
    public static async Task<Installation> PrepareAsync(CatalogDatabase catalog, SiloSettings settings, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        await using var services = Services(catalog, logs);
        var id = await GetIdAsync(services, cancellationToken);
        var defaults = services.GetRequiredService<EmbeddedDefaults>();
        var folder = Path.Combine(settings.Storage.Data, "stores", "local");
        if (settings.Cluster is null)
        {
            await defaults.EnsureAsync(id, folder, settings.Name, cancellationToken);
        }
        else if (settings.Storage.LocalStore && !settings.IsWorker)
        {
            await defaults.EnsureOwnStoreAsync(id, folder, settings.Name, cancellationToken);
        }

        var epoch = await services.GetRequiredService<SiloCatalog>().RegisterAsync(settings.Name, cancellationToken);
        if (settings.Cluster is { } cluster)
        {
            await services.GetRequiredService<SiloAddressCatalog>().AnnounceAsync(
                new SiloAddressInfo(settings.Name, epoch, cluster.Endpoint.ToString(), settings.Role, RuntimeIdentity.ProductVersion, TimeProvider.System.GetUtcNow()),
                cancellationToken);
        }

        return new Installation(id, epoch);
    }

    /// <summary>What a shared database is given once, when it is made: the installation's id, and in a cluster the first tenant and scope.</summary>
    public static async Task PrepareDatabaseAsync(CatalogDatabase catalog, bool isCluster, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        await using var services = Services(catalog, logs);
        await GetIdAsync(services, cancellationToken);
        if (isCluster)
        {
            await services.GetRequiredService<EmbeddedDefaults>().EnsureFirstScopeAsync(cancellationToken);
        }
    }

    private static Task<string> GetIdAsync(ServiceProvider services, CancellationToken cancellationToken) =>
        services.GetRequiredService<InstallationCatalog>().GetIdAsync(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), cancellationToken);

    private static ServiceProvider Services(CatalogDatabase catalog, ILoggerFactory logs) => new ServiceCollection()
        .AddSingleton(TimeProvider.System)
        .AddSingleton(logs)
        .AddLogging()
        .AddGranaryCatalog(catalog)
        .AddSingleton(StoreFactory.Make(TimeProvider.System, logs))
        .AddSingleton<EmbeddedDefaults>()
        .BuildServiceProvider();
}

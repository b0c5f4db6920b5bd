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
        await using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddSingleton(logs)
            .AddLogging()
            .AddGranaryCatalog(catalog)
            .AddSingleton(StoreFactory.Make(TimeProvider.System, logs))
            .AddSingleton<EmbeddedDefaults>()
            .BuildServiceProvider();
        var id = await services.GetRequiredService<InstallationCatalog>().GetIdAsync(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), cancellationToken);
        var folder = Path.Combine(settings.Storage.Data, "stores", "local");
        await services.GetRequiredService<EmbeddedDefaults>().EnsureAsync(id, folder, settings.Name, cancellationToken);
        var epoch = await services.GetRequiredService<SiloCatalog>().RegisterAsync(settings.Name, cancellationToken);
        return new Installation(id, epoch);
    }
}

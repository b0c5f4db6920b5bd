using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Granary.Catalog;

/// <summary>Registers the catalog's classes.</summary>
public static class CatalogServices
{
    /// <summary>
    /// Adds every aggregate over an open database, the topology cache and its refresh. The caller opened the database, and
    /// disposes it after the host.
    /// </summary>
    public static IServiceCollection AddGranaryCatalog(this IServiceCollection services, CatalogDatabase database)
    {
        services.AddSingleton(database);
        services.AddSingleton<InstallationCatalog>();
        services.AddSingleton<TopologyCache>();
        services.AddHostedService<TopologyRefreshWorker>();
        services.AddSingleton<TenantCatalog>();
        services.AddSingleton<ScopeCatalog>();
        services.AddSingleton<StoreCatalog>();
        services.AddSingleton<ApiKeyCatalog>();
        services.AddSingleton<SiloCatalog>();
        services.AddSingleton<SiloAddressCatalog>();
        services.AddSingleton<SiloDrainCatalog>();
        services.AddSingleton<UploadCatalog>();
        services.TryAddSingleton(new UploadSessionOptions());
        services.AddSingleton<SessionCatalog>();
        services.AddSingleton<NamespaceCatalog>();
        services.AddSingleton<VersionCatalog>();
        services.AddSingleton<HoldCatalog>();
        services.AddSingleton<ChangeLogCatalog>();
        services.AddSingleton<WebhookCatalog>();
        services.AddSingleton<OperationCatalog>();
        services.AddSingleton<ReclaimCatalog>();
        services.AddSingleton<RepairCatalog>();
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<CollectCatalog>();
        services.AddSingleton<InspectionCatalog>();
        services.AddSingleton<CopyCatalog>();
        services.AddSingleton<PolicyCatalog>();
        services.AddSingleton<FsckCatalog>();
        services.AddSingleton<AccessCatalog>();
        services.AddHostedService(static provider => provider.GetRequiredService<AccessCatalog>());
        return services;
    }
}

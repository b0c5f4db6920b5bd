using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Changes;
using Granary.Grains.Copies;
using Granary.Grains.Maintenance;
using Granary.Grains.Maintenance.Repairs;
using Granary.Grains.Policies;
using Granary.Grains.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Granary.Grains;

/// <summary>Registers what the grains need beside the catalog and the stores' directory.</summary>
public static class GranaryGrains
{
    /// <summary>
    /// Adds it. Grain classes are found by Orleans in the assemblies that the host refers to; calling this is what makes it
    /// refer to this one.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="severalSilos">True for a member of a cluster.</param>
    public static IServiceCollection AddGranaryGrains(this IServiceCollection services, bool severalSilos = false)
    {
        services.AddSingleton(new GrainHosting(severalSilos));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new ChangeRetention());
        services.AddTransient<ChangeLogCutter>();
        services.TryAddSingleton(new WebhookTargets([]));
        services.AddSingleton(provider => new WebhookSender(
            provider.GetRequiredService<SecretProtector>(), provider.GetRequiredService<WebhookTargets>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StepPlaces>();
        services.AddSingleton<IIncomingGrainCallFilter, CatalogFaults>();
        services.AddSingleton<TaskRunner>();
        services.AddSingleton<IRunSteps>(static provider => provider.GetRequiredService<TaskRunner>());
        services.AddSingleton<TaskWakes>();
        services.AddSingleton<RepairQueue>();
        services.AddSingleton<IMaintenancePlanner, MaintenancePlanner>();
        services.AddSingleton<IMaintenanceTask, ExpireVersionsTask>();
        services.AddSingleton<CopyWorker>();
        services.AddSingleton<ScopeRooms>();
        services.AddSingleton<PolicyTask>();
        services.AddSingleton<ChunkMover>();
        services.AddSingleton<IMaintenanceTask, PopulateTask>();
        services.AddSingleton<IMaintenanceTask, DrainTask>();
        services.AddSingleton<IMaintenanceTask, ShrinkScopeTask>();
        services.AddSingleton<IMaintenanceTask, ShrinkStoreTask>();
        services.AddSingleton<IMaintenanceTask, EmptyStoreTask>();
        AddInspection(services);
        return services;
    }

    private static void AddInspection(IServiceCollection services)
    {
        services.AddSingleton<IMaintenanceTask, CollectTask>();
        services.AddSingleton<IMaintenanceTask, ExpireUploadsTask>();
        services.AddSingleton<IMaintenanceTask, VerifyTask>();
        services.AddSingleton<IMaintenanceTask, SweepTask>();
        services.AddSingleton<IMaintenanceTask, ScrubTask>();
        services.AddSingleton<IMaintenanceTask, FsckTask>();
        services.AddSingleton<IChunkRepair, ChunkRepair>();
        services.AddSingleton<OpenStores>();
        services.AddSingleton<CopyReader>();
        services.AddSingleton<CopyDoctor>();
        services.AddSingleton<VerifyShards>();
        services.AddSingleton<SweepShards>();
        services.AddSingleton<DataPass>();
        services.AddSingleton<FsckRows>();
        services.AddSingleton<FsckStore>();
    }
}

/// <summary>What grains need to know of where they run.</summary>
/// <param name="SeveralSilos">True for a member of a cluster, whose local stores others write to through their owner.</param>
internal sealed record GrainHosting(bool SeveralSilos);

using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// Background work of one tenant: uncounts the references of uploads and versions that left, aborts direct uploads whose
/// process died, lets versions go whose retention is over, empties scopes that are being deleted; does the tenant's tasks of
/// runs (collection, expiry). Key: the tenant's id. Wakes by reminder, works by timer.
/// </summary>
[Alias("granary.ITenantMaintenanceGrain")]
public interface ITenantMaintenanceGrain : IGrainWithStringKey
{
    /// <summary>Says that there is work; returns at once. Cheap and safe to repeat.</summary>
    [AlwaysInterleave, Alias("Wake")]
    Task WakeAsync(CancellationToken cancellationToken);

    /// <summary>Works until nothing is due, and says what was done; for tests and operators.</summary>
    [Alias("RunRound")]
    Task<MaintenanceRound> RunRoundAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Background work of one scope: the tasks of runs that make its policies true (populate, drain, shrink). Key:
/// <c>{tenant}/{scope}</c>. Wakes by reminder, works by timer.
/// </summary>
[Alias("granary.IScopeMaintenanceGrain")]
public interface IScopeMaintenanceGrain : IGrainWithStringKey
{
    /// <summary>Says that there is work; returns at once. Cheap and safe to repeat.</summary>
    [AlwaysInterleave, Alias("Wake")]
    Task WakeAsync(CancellationToken cancellationToken);

    /// <summary>Works until nothing is due, and says what was done; for tests and operators.</summary>
    [Alias("RunRound")]
    Task<MaintenanceRound> RunRoundAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Background work of one store: removes bytes of locations that are being deleted, and releases blocks and unfinished
/// writes of silos that died; does the store's tasks of runs (shrink, verify, sweep, scrub). Key: the store's id. Wakes by reminder, works by timer.
/// </summary>
[Alias("granary.IStoreMaintenanceGrain")]
public interface IStoreMaintenanceGrain : IGrainWithStringKey
{
    /// <summary>Says that there is work; returns at once. Cheap and safe to repeat.</summary>
    [AlwaysInterleave, Alias("Wake")]
    Task WakeAsync(CancellationToken cancellationToken);

    /// <summary>Works until nothing is due, and says what was done; for tests and operators.</summary>
    [Alias("RunRound")]
    Task<MaintenanceRound> RunRoundAsync(CancellationToken cancellationToken);
}

/// <summary>What one round of background work did.</summary>
/// <param name="Done">Units completed.</param>
/// <param name="Failed">Units that failed and stay due.</param>
/// <param name="Bytes">Bytes released.</param>
[GenerateSerializer, Immutable, Alias("granary.MaintenanceRound")]
public sealed record MaintenanceRound([property: Id(0)] long Done, [property: Id(1)] long Failed, [property: Id(2)] long Bytes);

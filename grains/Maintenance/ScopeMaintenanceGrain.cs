using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Background work of one scope, key <c>{tenant}/{scope}</c>: the tasks that make its policies true. It only claims and
/// schedules; the bytes are moved by copy workers.
/// </summary>
[HashBasedPlacement] // as the scope's own grain: spread evenly, whoever asks first
internal sealed class ScopeMaintenanceGrain(TaskRunner runner, TimeProvider time, ILogger<ScopeMaintenanceGrain> logger)
    : MaintenanceGrain(runner, time, logger), IScopeMaintenanceGrain
{
    /// <inheritdoc/>
    protected override string Subject => $"scope {Scope}";

    /// <inheritdoc/>
    protected override RunTaskOwner Owner => RunTaskOwner.Of(Scope);

    private ScopeId Scope => GrainKeys.ParseScope(this.GetPrimaryKeyString()).Scope;

    /// <inheritdoc/>
    protected override Task<WorkUnit> RunUnitAsync(CancellationToken cancellationToken) => Task.FromResult(WorkUnit.Idle);

    // Most scopes have nothing to do most of the time: they are woken when there is a task, and need no reminder until then.
    /// <inheritdoc/>
    protected override Task<bool> IsNeededAsync(CancellationToken cancellationToken) => Task.FromResult(false);
}

namespace Granary.GrainInterfaces;

/// <summary>
/// Told of every change that maintenance has to follow; creates a run, unless an equal one waits that has not begun, and
/// wakes whoever does it. Told in vain costs little. Uploads are never made to wait for it.
/// </summary>
public interface IMaintenancePlanner
{
    /// <summary>A scope's attachments or settings changed: its policies are made true now.</summary>
    Task PolicyChangedAsync(TenantId tenant, ScopeId scope, CancellationToken cancellationToken);

    /// <summary>A store's limits changed, or its content passed one.</summary>
    Task StoreLimitChangedAsync(StoreId store, CancellationToken cancellationToken);

    /// <summary>
    /// New content was committed in a scope. Returns at once: populate follows and limits are looked at a moment later, once
    /// for many commits.
    /// </summary>
    void ScopeGrew(TenantId tenant, ScopeId scope);

    /// <summary>Wakes the maintenance grains that have something to do in a run, as after it was created or resumed.</summary>
    Task WakeRunAsync(long run, CancellationToken cancellationToken);

    /// <summary>
    /// Asked every minute by every silo: creates what the schedule brings, wakes whoever has open tasks, and removes what
    /// has been kept long enough. Whatever a crash lost is found here.
    /// </summary>
    Task WakeDueAsync(CancellationToken cancellationToken);
}

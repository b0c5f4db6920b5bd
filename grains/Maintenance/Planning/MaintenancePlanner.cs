using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Creates runs for what changed, and what the schedule brings. A change that was made is not undone because maintenance
/// could not be told: that is logged, and the daily run makes it true.
/// </summary>
internal sealed partial class MaintenancePlanner : IMaintenancePlanner, IDisposable
{
    /// <summary>New content waits so long for more before anything is planned.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromSeconds(2);

    /// <summary>A scope that grows all the time is planned this often.</summary>
    public static readonly TimeSpan GrowthInterval = TimeSpan.FromSeconds(30);

    private const int PageSize = 1_000;

    private readonly RunCatalog _runs;
    private readonly StoreCatalog _stores;
    private readonly TopologyCache _topology;
    private readonly TaskWakes _wakes;
    private readonly TimeProvider _time;
    private readonly ILogger<MaintenancePlanner> _logger;
    private readonly ConcurrentDictionary<ScopeId, TenantId> _grown = new();
    private readonly ConcurrentDictionary<ScopeId, DateTimeOffset> _planned = new();
    private readonly ITimer _timer;
    private int _armed;
    private bool _resumed;

    /// <summary>Collaborators.</summary>
    public MaintenancePlanner(
        RunCatalog runs, StoreCatalog stores, TopologyCache topology, TaskWakes wakes, TimeProvider time, ILogger<MaintenancePlanner> logger)
    {
        _runs = runs;
        _stores = stores;
        _topology = topology;
        _wakes = wakes;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => _ = PlanGrownAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public async Task PolicyChangedAsync(TenantId tenant, ScopeId scope, CancellationToken cancellationToken)
    {
        try
        {
            var current = await _topology.RefreshAsync(cancellationToken);
            await CreateAsync(new NewRun { Trigger = RunTrigger.Policy, Tenant = tenant, Scope = scope, Tasks = RunPlan.Policies(current, scope) }, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogPolicyFailed(failure, scope);
        }
    }

    /// <inheritdoc/>
    public async Task StoreLimitChangedAsync(StoreId store, CancellationToken cancellationToken)
    {
        try
        {
            await CheckLimitAsync(await _topology.RefreshAsync(cancellationToken), store, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogLimitFailed(failure, store);
        }
    }

    /// <inheritdoc/>
    public void ScopeGrew(TenantId tenant, ScopeId scope)
    {
        // Nothing follows uploads of most scopes: those cost a look into memory. Before the first look at the topology every
        // scope may be concerned; a commit is never made to wait, nor to fail, for this.
        if (_topology.IsRead && !Concerns(_topology.Current, scope))
        {
            return;
        }

        _grown[scope] = tenant;
        if (Interlocked.Exchange(ref _armed, 1) == 0)
        {
            _timer.Change(Gather, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public Task WakeRunAsync(long run, CancellationToken cancellationToken) => _wakes.WakeRunAsync(run, cancellationToken);

    /// <inheritdoc/>
    public async Task WakeDueAsync(CancellationToken cancellationToken)
    {
        var current = await _topology.RefreshAsync(cancellationToken);
        var settings = await _runs.GetSettingsAsync(cancellationToken);
        if (Scheduled(current, settings, _time.GetUtcNow()) is not null)
        {
            await _runs.CreateScheduledAsync((newest, now) => Scheduled(current, newest, now), cancellationToken);
        }

        if (!_resumed)
        {
            // What was committed just before the last stop may not have been planned.
            foreach (var scope in current.Tenants.SelectMany(tenant => current.Scopes(tenant.Id)))
            {
                ScopeGrew(scope.Tenant, scope.Id);
            }

            _resumed = true;
        }

        await _wakes.WakeAllAsync(cancellationToken);
        await PruneAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>The scheduled runs that are due, and the next times; null when nothing changes.</summary>
    internal static ScheduledRuns? Scheduled(Topology current, MaintenanceSettings settings, DateTimeOffset now)
    {
        var due = MaintenanceSchedule.Due(settings, now);
        if (due is { Daily: false, Scrub: false } && due.NextDaily == settings.NextDaily && due.NextScrub == settings.NextScrub)
        {
            return null;
        }

        var runs = new List<NewRun>();
        if (due.Daily)
        {
            runs.Add(new NewRun { Trigger = RunTrigger.Schedule, Tasks = RunPlan.Everything(current) });
        }

        if (due.Scrub)
        {
            runs.Add(new NewRun { Trigger = RunTrigger.Schedule, Kind = RunKind.Scrub, Tasks = RunPlan.Scrub(current) });
        }

        return new ScheduledRuns(runs, due.NextDaily, due.NextScrub);
    }

    private static bool Concerns(Topology current, ScopeId scope) => current.Attachments(scope).Any(attachment =>
        attachment.Settings is { Populate: true } or { Drain: true } or { SoftMaxSize: not null }
        || current.Store(attachment.Settings.Store)?.Settings is { SoftMaxSize: not null });

    private async Task PlanGrownAsync()
    {
        Interlocked.Exchange(ref _armed, 0);
        var now = _time.GetUtcNow();
        foreach (var (scope, tenant) in _grown)
        {
            // Too soon after the last time: it stays noted, and the timer comes again.
            if (_planned.TryGetValue(scope, out var last) && now - last < GrowthInterval)
            {
                continue;
            }

            _grown.TryRemove(scope, out _);
            _planned[scope] = now;
            try
            {
                await PlanGrowthAsync(await _topology.GetAsync(CancellationToken.None), tenant, scope);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                LogGrowthFailed(failure, scope);
            }
        }

        if (!_grown.IsEmpty && Interlocked.Exchange(ref _armed, 1) == 0)
        {
            _timer.Change(Gather, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task PlanGrowthAsync(Topology current, TenantId tenant, ScopeId scope)
    {
        await CreateAsync(
            new NewRun { Trigger = RunTrigger.Uploads, Tenant = tenant, Scope = scope, Tasks = RunPlan.Policies(current, scope) }, CancellationToken.None);
        foreach (var attachment in current.Attachments(scope))
        {
            await CheckLimitAsync(current, attachment.Settings.Store, CancellationToken.None);
        }
    }

    // The hard limit is never passed by itself, but it may have been lowered below the content.
    private async Task CheckLimitAsync(Topology current, StoreId store, CancellationToken cancellationToken)
    {
        if (current.Store(store)?.Settings is not { } settings || RunPlan.Limits(current, store) is not { Count: > 0 } tasks)
        {
            return;
        }

        var limit = Math.Min(settings.SoftMaxSize ?? long.MaxValue, settings.MaxSize ?? long.MaxValue);
        if (await _stores.GetSpaceAsync(store, cancellationToken) is { } space && space.Used > limit)
        {
            await CreateAsync(new NewRun { Trigger = RunTrigger.Limit, Store = store, Tasks = tasks }, cancellationToken);
        }
    }

    private async Task CreateAsync(NewRun run, CancellationToken cancellationToken)
    {
        if (run.Tasks.Count > 0)
        {
            await _wakes.WakeRunAsync(await _runs.CreateUnlessWaitingAsync(run, cancellationToken), cancellationToken);
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        // Bounded per minute: what is left is removed a minute later.
        for (var i = 0; i < 16 && await _runs.PruneAsync(PageSize, cancellationToken) > 0; i++)
        {
        }
    }
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.Grains.Maintenance;

/// <summary>
/// What the maintenance grains share: woken by a call, a reminder or the start of a silo, they work by a timer, one bounded
/// unit a turn, resting in between and backing off after errors, until nothing is due. What is due is in the catalog's rows,
/// so a crash loses nothing; two activations do the same idempotent work twice, and count a run's step once. A turn is one
/// unit of the grain's own work and one step of a run; a failing store delays the former, not the latter.
/// </summary>
/// <remarks>
/// <see cref="WakeAsync"/> interleaves: it only sets <see cref="_woken"/> and the timer. Units never overlap: the timer's
/// ticks and <see cref="RunRoundAsync"/> are turns that do not interleave.
/// </remarks>
internal abstract partial class MaintenanceGrain(TaskRunner runner, TimeProvider time, ILogger logger) : Grain, IRemindable
{
    private const string ReminderName = "work";

    /// <summary>Wakes after a crash, and finds what nobody announced, such as blocks whose grace has passed.</summary>
    protected static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(5);

    /// <summary>A round ends before a caller's call does (30 s); what is left goes on by timer.</summary>
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(20);

    private readonly ILogger _logger = logger;
    private readonly TaskRests _rests = new();
    private IGrainTimer? _timer;
    private bool _woken;
    private bool _working;
    private bool _reminded;
    private int _failures;
    private DateTimeOffset _ownDue;

    /// <summary>For log lines: what is maintained.</summary>
    protected abstract string Subject { get; }

    /// <summary>Whose tasks of runs this grain does.</summary>
    protected abstract RunTaskOwner Owner { get; }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _timer = this.RegisterGrainTimer(
            TickAsync,
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <summary>Says that there is work; returns at once.</summary>
    public Task WakeAsync(CancellationToken cancellationToken)
    {
        if (!_woken && !_working)
        {
            _timer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        _woken = true;
        return Task.CompletedTask;
    }

    /// <summary>Works until nothing is due, a unit fails, or twenty seconds have passed.</summary>
    public async Task<MaintenanceRound> RunRoundAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var round = new MaintenanceRound(0, 0, 0);
        BeginRound();
        WorkUnit unit, step;
        do
        {
            unit = await RunUnitAsync(cancellationToken);
            step = await runner.RunStepAsync(Owner, _rests, cancellationToken);
            round = step.AddTo(unit.AddTo(round));
        }
        while ((unit.Outcome == WorkOutcome.Busy || step.Outcome == WorkOutcome.Busy) && time.GetElapsedTime(started) < LongestRound);

        if (unit.Outcome == WorkOutcome.Busy || step is { Outcome: WorkOutcome.Busy } or { Delay: not null })
        {
            await WakeAsync(cancellationToken);
        }

        return round;
    }

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) => WakeAsync(CancellationToken.None);

    /// <summary>A round starts at the beginning, wherever the timer's units have got to.</summary>
    protected virtual void BeginRound()
    {
    }

    /// <summary>Does one bounded unit of what is due. May throw: that counts as a failed unit.</summary>
    protected abstract Task<WorkUnit> RunUnitAsync(CancellationToken cancellationToken);

    /// <summary>False when what is maintained exists no more, so that nothing needs to wake this grain again.</summary>
    protected abstract Task<bool> IsNeededAsync(CancellationToken cancellationToken);

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        _working = true;
        _woken = false;
        TimeSpan? own;
        TimeSpan? step;
        try
        {
            await EnsureReminderAsync();
            own = await OwnUnitAsync(cancellationToken);
            step = await RunStepAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            // The reminder could not be set: nothing was done.
            LogUnitFailed(failure, Subject);
            (own, step) = (null, WorkPace.LongestRest);
        }
        finally
        {
            _working = false;
        }

        var next = own is null || step < own ? step ?? own : own;
        if (_woken && _failures == 0)
        {
            next = TimeSpan.Zero;
        }

        if (next is { } delay)
        {
            _timer?.Change(delay, Timeout.InfiniteTimeSpan);
        }
        else
        {
            await EndIfUnneededAsync(cancellationToken);
        }
    }

    // While a back-off runs, new work does not shorten it: the store that failed a moment ago is the one it needs.
    private async Task<TimeSpan?> OwnUnitAsync(CancellationToken cancellationToken)
    {
        if (_failures > 0 && _ownDue - time.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            return left;
        }

        var started = time.GetTimestamp();
        WorkUnit unit;
        try
        {
            unit = await RunUnitAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            LogUnitFailed(failure, Subject);
            unit = new WorkUnit(WorkOutcome.Failed, 0, 1, 0);
        }

        _failures = unit.Outcome == WorkOutcome.Failed ? _failures + 1 : 0;
        var next = unit.Delay ?? WorkPace.Next(unit.Outcome, time.GetElapsedTime(started), _failures, Jitter());
        _ownDue = time.GetUtcNow() + (next ?? TimeSpan.Zero);
        return next;
    }

    private async Task<TimeSpan?> RunStepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var step = await runner.RunStepAsync(Owner, _rests, cancellationToken);
            return step.Outcome == WorkOutcome.Busy ? step.Delay ?? TimeSpan.Zero : step.Delay;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // The catalog could not be asked, or not be told: the step is done again.
            LogUnitFailed(failure, Subject);
            return WorkPace.LongestRest;
        }
    }

    // Spreads retries of many grains without needing a source of randomness: keys differ, and so do counts of failures.
    private double Jitter() => (uint)HashCode.Combine(this.GetPrimaryKeyString(), _failures) / (double)uint.MaxValue;

    private async Task EnsureReminderAsync()
    {
        if (_reminded)
        {
            return;
        }

        await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);
        _reminded = true;
    }

    private async Task EndIfUnneededAsync(CancellationToken cancellationToken)
    {
        if (await IsNeededAsync(cancellationToken))
        {
            return;
        }

        if (await this.GetReminder(ReminderName) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }

        DeactivateOnIdle();
    }
}

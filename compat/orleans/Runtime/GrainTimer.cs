using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>A timer whose ticks queue like calls. The next tick is set when one has ended, so that ticks never pile up.</summary>
internal sealed partial class GrainTimer : IGrainTimer {
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ITimer _timer;
    private TimeSpan _due, _period;
    private bool _firing, _changed;

    public GrainTimer(IGrainContext grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) {
        if (grain is not Activation activation || !ReferenceEquals(Activation.Current, activation))
            throw new InvalidOperationException("Grain timers are created by the grain itself, in one of its turns.");
        (_activation, _callback, _options) = (activation, callback, options);
        using (ExecutionContext.SuppressFlow())
            _timer = activation.Silo.Time.CreateTimer(static state => ((GrainTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (activation.Timers)
            activation.Timers.Add(this);
        Change(options.DueTime, options.Period);
    }

    public void Change(TimeSpan dueTime, TimeSpan period) {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        (_due, _period, _changed) = (dueTime, period, true);
        if (!_firing && !_stopped.IsCancellationRequested)
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() {
        if (_stopped.IsCancellationRequested)
            return;
        _stopped.Cancel();
        _timer.Dispose();
        lock (_activation.Timers)
            _activation.Timers.Remove(this);
    }

    private static void Check(TimeSpan span, string name) {
        var milliseconds = (long)span.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, 0xfffffffe, name);
    }

    private void Fire() {
        _firing = true;
        _activation.Scheduler.Receive(new Tick(this));
    }

    private async ValueTask<object?> TickAsync() {
        if (_stopped.IsCancellationRequested)
            return null;
        _changed = false;
        try {
            await _callback(_stopped.Token);
        } catch (Exception error) {
            LogTickFailed(_activation.Silo.Logger, _activation.GrainId, error);
            throw;
        } finally {
            _firing = false;
            if (!_stopped.IsCancellationRequested)
                _timer.Change(_changed ? _due : _period, Timeout.InfiniteTimeSpan);
        }
        return null;
    }

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "A timer of {Grain} failed; it goes on")]
    private static partial void LogTickFailed(ILogger logger, GrainId grain, Exception error);

    private sealed class Tick(GrainTimer timer) : Call(timer._activation.Silo, null) {
        public override bool AlwaysInterleave => timer._options.Interleave;
        public override bool ReadOnly => false;
        public override bool KeepAlive => timer._options.KeepAlive;
        public override bool LocalOnly => true;
        public override ValueTask<object?> Run(Activation activation) => timer.TickAsync();
        protected override void OnResult(object? result) { }
        protected override void OnError(Exception error) { }
    }
}

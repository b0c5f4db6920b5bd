using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>
/// One live grain: its mailbox, its turns, its beginning and its end. Everything but the members marked so runs on its own scheduler,
/// one turn at a time, and therefore takes no lock.
/// </summary>
internal sealed partial class Activation : IGrainContext {
    [ThreadStatic] private static Activation? _current;
    private readonly LinkedList<Call> _waiting = [];
    private readonly HashSet<Call> _running = [];
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IServiceScope? _scope;
    private Call? _blocking;
    private Phase _phase;
    private bool _pumping, _again, _ending;
    private DeactivationReason _reason;
    private CancellationToken _hurry;
    private Exception? _failure;
    private long _lastUsed;
    private long _keepUntil; // UTC ticks
    private int _started;
    private volatile bool _busy = true;

    public Activation(Silo silo, GrainId id, GrainClass grainClass) {
        (Silo, GrainId, Class, Scheduler) = (silo, id, grainClass, new(this));
        _lastUsed = silo.Time.GetTimestamp();
    }

    private enum Phase { Activating, Valid, Deactivating, Gone }

    /// <summary>The activation whose turn runs on this thread.</summary>
    public static Activation? Current { get => _current; set => _current = value; }
    public Silo Silo { get; }
    public GrainId GrainId { get; }
    public GrainClass Class { get; }
    public ActivationScheduler Scheduler { get; }
    public object? GrainInstance { get; private set; }
    public IServiceProvider ActivationServices => _scope?.ServiceProvider ?? Silo.Services;
    public Task Deactivated => _deactivated.Task;
    public List<IStateLoader> States { get; } = []; // to read before the grain activates
    public HashSet<GrainTimer> Timers { get; } = []; // locked by whoever touches it

    /// <summary>Starts it, once, from any thread. Not in the constructor: of two threads that make one, the directory keeps one.</summary>
    public void EnsureStarted() {
        if (Interlocked.Exchange(ref _started, 1) == 0)
            Scheduler.Post(() => _ = ActivateAsync());
    }

    /// <summary>From any thread.</summary>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) => Scheduler.Post(() => {
        _hurry = cancellationToken;
        BeginDeactivation(deactivationReason);
    });

    public void DelayDeactivation(TimeSpan span) => Volatile.Write(
        ref _keepUntil,
        span == TimeSpan.MaxValue || span == Timeout.InfiniteTimeSpan ? long.MaxValue : span <= TimeSpan.Zero ? 0 : (Silo.Time.GetUtcNow() + span).UtcTicks);

    /// <summary>From any thread: the silo died, and with it whatever the grain was doing.</summary>
    public void Kill() {
        Scheduler.Kill();
        StopTimers();
        _deactivated.TrySetResult();
    }

    /// <summary>From any thread.</summary>
    public void CollectIfIdle() {
        if (_busy || Silo.Time.GetElapsedTime(Volatile.Read(ref _lastUsed)) < Class.CollectionAge || Silo.Time.GetUtcNow().UtcTicks < Volatile.Read(ref _keepUntil))
            return;
        Scheduler.Post(() => {
            if (!_busy)
                BeginDeactivation(new(DeactivationReasonCode.ActivationIdle, "The activation was idle."));
        });
    }

    /// <summary>Whether a call may start now; otherwise it waits here.</summary>
    public bool Admit(Call call) {
        if (_phase == Phase.Valid && MayRun(call)) {
            Record(call);
            return true;
        }
        if (!(call.LocalOnly && _phase >= Phase.Deactivating))
            _waiting.AddLast(call);
        return false;
    }

    /// <summary>Starts an admitted call.</summary>
    public void Start(Call call) {
        // A caller that gave up before the call started is not served; one that gives up later is. He tells himself that it is too late.
        if ((call.Deadline != 0 && Silo.Time.GetTimestamp() > call.Deadline) || call.IsCompleted) {
            (call as RemoteCall)?.Drop();
            Finish(call);
            return;
        }
        ValueTask<object?> running;
        try {
            running = call.Run(this);
        } catch (Exception error) {
            running = ValueTask.FromException<object?>(error);
        }
        if (running.IsCompletedSuccessfully) {
            call.Complete(running.Result);
            Finish(call);
        } else {
            _ = WaitFor(call, running);
        }
    }

    private async Task WaitFor(Call call, ValueTask<object?> running) {
        try {
            call.Complete(await running);
        } catch (Exception error) {
            // The state in memory is older than the one in the store: whoever comes next must read it again.
            if (error is InconsistentStateException { IsSourceActivation: true } stale) {
                stale.IsSourceActivation = false;
                BeginDeactivation(new(DeactivationReasonCode.ApplicationError, error, "The grain's state was changed behind its back."));
            }
            var copy = Silo.CopyError(error);
            if (copy is Serialization.SerializerException && error is not Serialization.SerializerException)
                LogErrorLost(Silo.Logger, GrainId, error); // The caller will not learn of it.
            call.Fail(copy);
        }
        Finish(call);
    }

    private bool MayRun(Call call) => _running.Count == 0 || call.AlwaysInterleave || _blocking is null
        || (_blocking.ReadOnly && call.ReadOnly) || Class.Reentrant;

    private void Record(Call call) {
        call.Target = this;
        _running.Add(call);
        _busy = true;
        if (!call.AlwaysInterleave)
            _blocking ??= call;
    }

    private void Finish(Call call) {
        _running.Remove(call);
        if (ReferenceEquals(_blocking, call))
            _blocking = null;
        if (call.KeepAlive)
            Volatile.Write(ref _lastUsed, Silo.Time.GetTimestamp());
        _busy = _running.Count > 0 || _waiting.Count > 0;
        if (_phase == Phase.Deactivating && _running.Count == 0)
            _ = DeactivateAsync();
        else if (_waiting.Count > 0)
            Pump(all: false);
    }

    /// <summary>
    /// Starts waiting calls, oldest first, as far as they may run. Calls that always interleave wait only for the activation itself, so only
    /// then are <paramref name="all"/> looked at behind one that keeps the others off.
    /// </summary>
    private void Pump(bool all) {
        _again = true;
        if (_pumping)
            return;
        _pumping = true;
        while (_again && _phase == Phase.Valid) {
            _again = false;
            for (var node = _waiting.First; node is not null && _phase == Phase.Valid && !_again;) {
                var (call, next) = (node.Value, node.Next);
                if (!all && _blocking is { ReadOnly: false } && !Class.Reentrant)
                    break;
                if (MayRun(call)) {
                    _waiting.Remove(node);
                    Record(call);
                    Start(call);
                }
                node = next;
            }
        }
        _pumping = false;
    }
}

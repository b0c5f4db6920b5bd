using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <content>How an activation begins and ends.</content>
internal sealed partial class Activation {
    private async Task ActivateAsync() {
        using var timeout = new CancellationTokenSource(Silo.Collection.ActivationTimeout, Silo.Time);
        try {
            if (Silo.Cluster.Register(GrainId, Silo.Address) is var owner && !owner.Equals(Silo.Address)) {
                // Somebody was faster; the calls go there.
                End(new(DeactivationReasonCode.DuplicateActivation, $"The grain is active on {owner}."), ownsRegistration: false);
                return;
            }
            _scope = Silo.Services.CreateScope();
            GrainInstance = Class.Create(this);
            foreach (var state in States)
                await state.ReadAsync(timeout.Token);
            if (GrainInstance is IGrainBase grain)
                await grain.OnActivateAsync(timeout.Token).WaitAsync(timeout.Token);
        } catch (Exception error) {
            LogActivationFailed(Silo.Logger, GrainId, error);
            _failure = Silo.IsStopping ? new SiloUnavailableException("This silo is stopping.", error) : error; // Its services may be gone already.
            _phase = Phase.Deactivating;
            await DisposeGrainAsync();
            End(new(DeactivationReasonCode.ActivationFailed, error, "Failed to activate grain."), ownsRegistration: true);
            return;
        }
        if (_phase == Phase.Deactivating) { // Asked for while activating.
            await DeactivateAsync();
            return;
        }
        _phase = Phase.Valid;
        Volatile.Write(ref _lastUsed, Silo.Time.GetTimestamp());
        _busy = _waiting.Count > 0;
        Pump(all: true);
    }

    private void BeginDeactivation(DeactivationReason reason) {
        if (_phase >= Phase.Deactivating)
            return;
        var activating = _phase == Phase.Activating;
        (_phase, _reason) = (Phase.Deactivating, reason);
        StopTimers();
        if (!activating && _running.Count == 0)
            _ = DeactivateAsync();
    }

    private async Task DeactivateAsync() {
        if (_ending)
            return;
        _ending = true;
        using var timeout = new CancellationTokenSource(Silo.Collection.DeactivationTimeout, Silo.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _hurry);
        try {
            if (GrainInstance is IGrainBase grain)
                await grain.OnDeactivateAsync(_reason, both.Token).WaitAsync(timeout.Token);
        } catch (Exception error) {
            LogDeactivationFailed(Silo.Logger, GrainId, error);
        }
        await DisposeGrainAsync();
        End(_reason, ownsRegistration: true);
    }

    private async Task DisposeGrainAsync() {
        try {
            if (GrainInstance is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (GrainInstance as IDisposable)?.Dispose();
            _scope?.Dispose();
        } catch (Exception error) {
            LogDeactivationFailed(Silo.Logger, GrainId, error);
        }
    }

    /// <summary>Leaves the directory, and gives every call that waits to the successor, or the failure to its caller.</summary>
    private void End(DeactivationReason reason, bool ownsRegistration) {
        _phase = Phase.Gone;
        StopTimers();
        var late = Scheduler.Close(() => {
            if (ownsRegistration)
                Silo.Cluster.Unregister(GrainId, Silo.Address);
        });
        Silo.Remove(this);
        foreach (var call in _waiting.Concat(late).Where(c => !c.LocalOnly)) {
            if (_failure is null)
                Silo.Reroute(call, reason);
            else
                call.Fail(Silo.CopyError(_failure));
        }
        _waiting.Clear();
        _deactivated.TrySetResult();
    }

    private void StopTimers() {
        GrainTimer[] timers;
        lock (Timers)
            timers = [.. Timers];
        Array.ForEach(timers, timer => timer.Dispose());
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Failed to activate {Grain}")]
    private static partial void LogActivationFailed(ILogger logger, GrainId grain, Exception error);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Deactivation code of {Grain} failed")]
    private static partial void LogDeactivationFailed(ILogger logger, GrainId grain, Exception error);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "An exception of {Grain} has no serializer; its caller gets another one")]
    private static partial void LogErrorLost(ILogger logger, GrainId grain, Exception error);
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Runtime {
    public interface IAddressable;

    public interface IGrainContext {
        GrainId GrainId { get; }
        object? GrainInstance { get; }
        IServiceProvider ActivationServices { get; }
        Task Deactivated { get; }
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }

    public interface IGrainTimer : IDisposable {
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    public readonly struct GrainTimerCreationOptions() {
        [SetsRequiredMembers]
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this() => (DueTime, Period) = (dueTime, period);
        public required TimeSpan DueTime { get; init; }
        public required TimeSpan Period { get; init; }
        public bool Interleave { get; init; }
        public bool KeepAlive { get; init; }
    }
}

namespace Orleans {
    public interface IGrain : IAddressable;
    public interface IGrainWithIntegerKey : IGrain;
    public interface IGrainWithStringKey : IGrain;

    public interface IGrainFactory {
        TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey;
        TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey;
        TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable;
    }

    public interface IClusterClient : IGrainFactory {
        IServiceProvider ServiceProvider { get; }
    }

    [GenerateSerializer]
    public enum DeactivationReasonCode : byte {
        None, ShuttingDown, ActivationFailed, DirectoryFailure, ActivationIdle, ActivationUnresponsive, DuplicateActivation,
        IncompatibleRequest, ApplicationError, ApplicationRequested, Migrating, RuntimeRequested, HighMemoryPressure,
    }

    public readonly struct DeactivationReason {
        public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }
        public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text) => (ReasonCode, Exception, Description) = (code, exception, text);
        public string Description { get; }
        public DeactivationReasonCode ReasonCode { get; }
        public Exception? Exception { get; }
        public override string ToString() => Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description}. Exception: {Exception}";
    }

    public interface IGrainBase {
        IGrainContext GrainContext { get; }
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }

    public abstract class Grain : IGrainBase, IAddressable {
        protected Grain() => GrainContext = Activation.Current!;
        public IGrainContext GrainContext { get; }
        protected IGrainFactory GrainFactory => ServiceProvider.GetRequiredService<IGrainFactory>();
        protected internal IServiceProvider ServiceProvider => Runtime.ActivationServices;
        private Activation Runtime => GrainContext as Activation
            ?? throw new InvalidOperationException("Grain was created outside of the Orleans creation process and no runtime was specified.");

        protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);
        protected void DelayDeactivation(TimeSpan timeSpan) => Runtime.DelayDeactivation(timeSpan);
        public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public static class GrainBaseExtensions {
        public static void DeactivateOnIdle(this IGrainBase grain)
            => grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options) {
            ArgumentNullException.ThrowIfNull(callback);
            return new GrainTimer(grain.GrainContext, token => callback(state, token), options);
        }

        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) {
            ArgumentNullException.ThrowIfNull(callback);
            return new GrainTimer(grain.GrainContext, callback, options);
        }
    }

    public static class GrainExtensions {
        public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();
        public static GrainId GetGrainId(this IAddressable grain) => grain switch {
            GrainProxy reference => reference.GrainId,
            IGrainBase activation => activation.GrainContext.GrainId,
            _ => throw new ArgumentException($"{nameof(GetGrainId)} has been called on an unexpected type: {grain.GetType().FullName}.", nameof(grain)),
        };
    }
}

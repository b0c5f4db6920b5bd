using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Timers;

namespace Orleans.Runtime {
    /// <summary>What can be called through a grain reference.</summary>
    public interface IAddressable;

    /// <summary>The runtime's side of one activation.</summary>
    public interface IGrainContext : IEquatable<IGrainContext> {
        GrainId GrainId { get; }
        object? GrainInstance { get; }
        IServiceProvider ActivationServices { get; }
        Task Deactivated { get; }
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }

    /// <summary>Timer of a grain; disposing it stops it.</summary>
    public interface IGrainTimer : IDisposable {
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <summary>How a grain timer behaves.</summary>
    public readonly struct GrainTimerCreationOptions() {
        [SetsRequiredMembers]
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this() => (DueTime, Period) = (dueTime, period);
        public required TimeSpan DueTime { get; init; }
        public required TimeSpan Period { get; init; }
        public bool Interleave { get; init; }
        public bool KeepAlive { get; init; }
    }
}

namespace Orleans.Timers {
    /// <summary>Creates grain timers.</summary>
    public interface ITimerRegistry {
        IGrainTimer RegisterGrainTimer<TState>(
            IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options);
    }
}

namespace Orleans {
    /// <summary>Marks grain interfaces.</summary>
    public interface IGrain : IAddressable;

    /// <summary>Grains whose key is a number.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>Grains whose key is text.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>Why an activation ends.</summary>
    [GenerateSerializer]
    public enum DeactivationReasonCode : byte {
        None, ShuttingDown, ActivationFailed, DirectoryFailure, ActivationIdle, ActivationUnresponsive, DuplicateActivation,
        IncompatibleRequest, ApplicationError, ApplicationRequested, Migrating, RuntimeRequested, HighMemoryPressure,
    }

    /// <summary>Why an activation ends, with words.</summary>
    public readonly struct DeactivationReason {
        public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }

        public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
            => (ReasonCode, Exception, Description) = (code, exception, text);

        public string Description { get; }
        public DeactivationReasonCode ReasonCode { get; }
        public Exception? Exception { get; }
        public override string ToString() => Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description}. Exception: {Exception}";
    }

    /// <summary>What every grain class implements, by deriving from <see cref="Grain"/> or by itself.</summary>
    public interface IGrainBase {
        IGrainContext GrainContext { get; }
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }

    /// <summary>Base of grain classes.</summary>
    public abstract class Grain : IGrainBase, IAddressable {
        protected Grain() => GrainContext = Activation.Current!;

        public IGrainContext GrainContext { get; }
        protected IGrainFactory GrainFactory => ServiceProvider.GetRequiredService<IGrainFactory>();
        protected internal IServiceProvider ServiceProvider => Runtime.ActivationServices;
        public string IdentityString => Runtime.GrainId.ToString();
        public string RuntimeIdentity => ServiceProvider.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString();

        private Activation Runtime => GrainContext as Activation
            ?? throw new InvalidOperationException("Grain was created outside of the Orleans creation process and no runtime was specified.");

        protected void DeactivateOnIdle()
            => Runtime.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        protected void DelayDeactivation(TimeSpan timeSpan) => Runtime.DelayDeactivation(timeSpan);
        public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Timers and deactivation.</summary>
    public static class GrainBaseExtensions {
        public static void DeactivateOnIdle(this IGrainBase grain)
            => grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options) {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.GrainContext.ActivationServices.GetRequiredService<ITimerRegistry>()
                .RegisterGrainTimer(grain.GrainContext, callback, state, options);
        }

        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.RegisterGrainTimer(static (callback, token) => callback(token), callback, options);
        }

        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, new() { DueTime = dueTime, Period = period });

        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, state, new() { DueTime = dueTime, Period = period });
    }

    /// <summary>Identity of grains and references.</summary>
    public static class GrainExtensions {
        public static GrainId GetGrainId(this IAddressable grain) => grain switch {
            GrainProxy reference => reference.GrainId,
            IGrainBase activation => activation.GrainContext.GrainId,
            _ => throw new ArgumentException($"{nameof(GetGrainId)} has been called on an unexpected type: {grain.GetType().FullName}.", nameof(grain)),
        };

        public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

        public static long GetPrimaryKeyLong(this IAddressable grain) => grain.GetGrainId().GetIntegerKey();

        public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain)
            => (TGrainInterface)(object)CallRuntime.Of(grain).Factory.Reference(typeof(TGrainInterface), grain.GetGrainId());
    }
}

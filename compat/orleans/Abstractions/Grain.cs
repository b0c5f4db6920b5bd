using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Timers;

namespace Orleans.Runtime
{
    /// <summary>What can be called through a grain reference.</summary>
    public interface IAddressable;

    /// <summary>The runtime's side of one activation.</summary>
    public interface IGrainContext : IEquatable<IGrainContext>
    {
        /// <summary>The grain's identity.</summary>
        GrainId GrainId { get; }

        /// <summary>The grain object, once constructed.</summary>
        object? GrainInstance { get; }

        /// <summary>Services of this activation.</summary>
        IServiceProvider ActivationServices { get; }

        /// <summary>Completes when the activation is gone.</summary>
        Task Deactivated { get; }

        /// <summary>Ends the activation after the calls that are running; waiting calls go to its successor.</summary>
        /// <param name="deactivationReason">Given to the grain.</param>
        /// <param name="cancellationToken">Hurries the grain's own deactivation code.</param>
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }

    /// <summary>Timer of a grain; disposing it stops it.</summary>
    public interface IGrainTimer : IDisposable
    {
        /// <summary>Restarts it with other times.</summary>
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <summary>How a grain timer behaves.</summary>
    public readonly struct GrainTimerCreationOptions()
    {
        /// <summary>With its times.</summary>
        [SetsRequiredMembers]
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this() => (DueTime, Period) = (dueTime, period);

        /// <summary>Time to the first tick; infinite: not yet.</summary>
        public required TimeSpan DueTime { get; init; }

        /// <summary>Time from the end of one tick to the next; infinite: one tick.</summary>
        public required TimeSpan Period { get; init; }

        /// <summary>Whether ticks run beside calls and other ticks.</summary>
        public bool Interleave { get; init; }

        /// <summary>Whether a tick counts as use of the activation.</summary>
        public bool KeepAlive { get; init; }
    }
}

namespace Orleans.Timers
{
    /// <summary>Creates grain timers.</summary>
    public interface ITimerRegistry
    {
        /// <summary>Creates a timer whose ticks run as turns of the activation.</summary>
        IGrainTimer RegisterGrainTimer<TState>(
            IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options);
    }
}

namespace Orleans
{
    /// <summary>Marks grain interfaces.</summary>
    public interface IGrain : IAddressable;

    /// <summary>Grains whose key is a GUID.</summary>
    public interface IGrainWithGuidKey : IGrain;

    /// <summary>Grains whose key is a number.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>Grains whose key is text.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>Grains whose key is a GUID with a text.</summary>
    public interface IGrainWithGuidCompoundKey : IGrain;

    /// <summary>Grains whose key is a number with a text.</summary>
    public interface IGrainWithIntegerCompoundKey : IGrain;

    /// <summary>Why an activation ends.</summary>
    [GenerateSerializer]
    public enum DeactivationReasonCode : byte
    {
        /// <summary>Unknown.</summary>
        None,

        /// <summary>The silo stops.</summary>
        ShuttingDown,

        /// <summary>The grain failed to activate.</summary>
        ActivationFailed,

        /// <summary>The directory failed.</summary>
        DirectoryFailure,

        /// <summary>It was idle.</summary>
        ActivationIdle,

        /// <summary>It is stuck.</summary>
        ActivationUnresponsive,

        /// <summary>There is another activation.</summary>
        DuplicateActivation,

        /// <summary>It got a call of another version.</summary>
        IncompatibleRequest,

        /// <summary>The grain's code failed in a way that makes the activation useless.</summary>
        ApplicationError,

        /// <summary>The grain asked for it.</summary>
        ApplicationRequested,

        /// <summary>It moves.</summary>
        Migrating,

        /// <summary>The runtime asked for it.</summary>
        RuntimeRequested,

        /// <summary>Memory is short.</summary>
        HighMemoryPressure,
    }

    /// <summary>Why an activation ends, with words.</summary>
    public readonly struct DeactivationReason
    {
        /// <summary>Without a cause.</summary>
        public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text) { }

        /// <summary>With a cause.</summary>
        public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
            => (ReasonCode, Exception, Description) = (code, exception, text);

        /// <summary>In words.</summary>
        public string Description { get; }

        /// <summary>As a code.</summary>
        public DeactivationReasonCode ReasonCode { get; }

        /// <summary>The cause.</summary>
        public Exception? Exception { get; }

        /// <inheritdoc/>
        public override string ToString() => Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description}. Exception: {Exception}";
    }

    /// <summary>What every grain class implements, by deriving from <see cref="Grain"/> or by itself.</summary>
    public interface IGrainBase
    {
        /// <summary>The runtime's side.</summary>
        IGrainContext GrainContext { get; }

        /// <summary>Runs before the first call.</summary>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        /// <summary>Runs after the last call, unless the silo dies.</summary>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }

    /// <summary>Base of grain classes.</summary>
    public abstract class Grain : IGrainBase, IAddressable
    {
        /// <summary>Inside the runtime.</summary>
        protected Grain() : this(Activation.Current!) { }

        /// <summary>With a given context.</summary>
        protected Grain(IGrainContext grainContext) => GrainContext = grainContext;

        /// <summary>The runtime's side.</summary>
        public IGrainContext GrainContext { get; }

        /// <summary>References to other grains.</summary>
        protected IGrainFactory GrainFactory => ServiceProvider.GetRequiredService<IGrainFactory>();

        /// <summary>Services of this activation.</summary>
        protected internal IServiceProvider ServiceProvider => Runtime.ActivationServices;

        /// <summary>The grain id as text.</summary>
        public string IdentityString => Runtime.GrainId.ToString();

        /// <summary>The silo as text.</summary>
        public string RuntimeIdentity => ServiceProvider.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString();

        private Activation Runtime => GrainContext as Activation
            ?? throw new InvalidOperationException("Grain was created outside of the Orleans creation process and no runtime was specified.");

        /// <summary>Ends the activation once it has nothing running.</summary>
        protected void DeactivateOnIdle()
            => Runtime.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        /// <summary>Keeps the activation from idle collection for a while; zero takes that back.</summary>
        protected void DelayDeactivation(TimeSpan timeSpan) => Runtime.DelayDeactivation(timeSpan);

        /// <summary>Runs before the first call.</summary>
        public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <summary>Runs after the last call, unless the silo dies.</summary>
        public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Timers and deactivation.</summary>
    public static class GrainBaseExtensions
    {
        /// <summary>Ends the activation once it has nothing running.</summary>
        public static void DeactivateOnIdle(this IGrainBase grain)
            => grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

        /// <summary>Creates a timer whose ticks run as turns of the grain; the token is cancelled when the timer is disposed.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.GrainContext.ActivationServices.GetRequiredService<ITimerRegistry>()
                .RegisterGrainTimer(grain.GrainContext, callback, state, options);
        }

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.RegisterGrainTimer(static (callback, token) => callback(token), callback, options);
        }

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.RegisterGrainTimer(static (callback, _) => callback(), callback, options);
        }

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, Task> callback, TState state, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return grain.RegisterGrainTimer(static (s, _) => s.Callback(s.State), (Callback: callback, State: state), options);
        }

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, new() { DueTime = dueTime, Period = period });

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, new() { DueTime = dueTime, Period = period });

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(this IGrainBase grain, Func<TState, Task> callback, TState state, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, state, new() { DueTime = dueTime, Period = period });

        /// <summary>Creates a timer.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period)
            => grain.RegisterGrainTimer(callback, state, new() { DueTime = dueTime, Period = period });
    }

    /// <summary>Identity of grains and references.</summary>
    public static class GrainExtensions
    {
        /// <summary>The grain's identity.</summary>
        /// <exception cref="ArgumentException">The object is no grain.</exception>
        public static GrainId GetGrainId(this IAddressable grain) => grain switch
        {
            GrainProxy reference => reference.GrainId,
            IGrainBase activation => activation.GrainContext.GrainId,
            _ => throw new ArgumentException($"{nameof(GetGrainId)} has been called on an unexpected type: {grain.GetType().FullName}.", nameof(grain)),
        };

        /// <summary>The text key.</summary>
        public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

        /// <summary>The number key.</summary>
        /// <exception cref="InvalidOperationException">The key is no number.</exception>
        public static long GetPrimaryKeyLong(this IAddressable grain)
            => grain.GetGrainId().TryGetIntegerKey(out var key, out _)
                ? key : throw new InvalidOperationException($"Unable to extract integer key from grain id {grain.GetGrainId()}");

        /// <summary>The GUID key.</summary>
        /// <exception cref="InvalidOperationException">The key is no GUID.</exception>
        public static Guid GetPrimaryKey(this IAddressable grain)
            => grain.GetGrainId().TryGetGuidKey(out var key, out _)
                ? key : throw new InvalidOperationException($"Unable to extract GUID key from grain id {grain.GetGrainId()}");

        /// <summary>A reference to the grain that can be passed on.</summary>
        public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain)
            => (TGrainInterface)(object)CallRuntime.Of(grain).Factory.Reference(typeof(TGrainInterface), grain.GetGrainId());

        /// <summary>The same grain through another of its interfaces.</summary>
        public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) => grain.AsReference<TGrainInterface>();
    }
}

using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Core {
    public interface IStorage {
        string? Etag { get; }
        bool RecordExists { get; }
        Task ClearStateAsync();
        Task WriteStateAsync();
        Task ReadStateAsync();
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    public interface IStorage<TState> : IStorage {
        TState State { get; set; }
    }
}

namespace Orleans.Runtime {
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute {
        public string StateName { get; } = stateName;
        public string? StorageName { get; } = storageName;
    }
}

namespace Orleans.Storage {
    /// <summary>State that an activation reads before it starts.</summary>
    internal interface IStateLoader {
        Task ReadAsync(CancellationToken token);
    }

    internal static class PersistentState {
        public const string DefaultStore = "Default";

        public static Func<Activation, object?> Factory(ParameterInfo parameter, PersistentStateAttribute attribute) {
            if (!parameter.ParameterType.IsGenericType || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
                throw new ArgumentException($"The parameter '{parameter.Name}' of {parameter.Member.DeclaringType} must be an {typeof(IPersistentState<>)}.");
            var type = typeof(PersistentState<>).MakeGenericType(parameter.ParameterType.GetGenericArguments());
            var name = attribute.StateName.Length > 0 ? attribute.StateName : parameter.Name!;
            return activation => {
                var store = activation.ActivationServices.GetKeyedService<IGrainStorage>(attribute.StorageName ?? DefaultStore)
                    ?? throw new OrleansConfigurationException($"There is no grain storage named '{attribute.StorageName ?? DefaultStore}'.");
                var state = (IStateLoader)Activator.CreateInstance(type, activation.GrainId, name, store)!;
                activation.States.Add(state);
                return state;
            };
        }
    }

    /// <summary>The state of one grain under one name. Operations on it run one after another, whoever starts them.</summary>
    internal sealed class PersistentState<T>(GrainId grain, string name, IGrainStorage store) : IPersistentState<T>, IStateLoader {
        private readonly GrainState<T> _state = new() { State = Blank<T>.New() };
        private Task _last = Task.CompletedTask;
        public T State { get => InGrain()._state.State!; set => InGrain()._state.State = value; }
        public string? Etag => _state.ETag;
        public bool RecordExists => _state.RecordExists;
        public Task ReadStateAsync() => Next(() => store.ReadStateAsync(name, grain, _state));
        public Task WriteStateAsync() => Next(() => store.WriteStateAsync(name, grain, _state));
        public Task ClearStateAsync() => Next(() => store.ClearStateAsync(name, grain, _state));
        public Task ReadAsync(CancellationToken token) => ReadStateAsync().WaitAsync(token);

        private PersistentState<T> InGrain() => Activation.Current is not null ? this
            : throw new InvalidOperationException("Grain state is only for the grain's own turns, not for other threads.");

        private Task Next(Func<Task> operation) {
            return InGrain()._last = After(_last, operation);

            static async Task After(Task previous, Func<Task> operation) {
                await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                await operation();
            }
        }
    }
}

using Orleans.Runtime;

namespace Orleans {
    /// <summary>One grain's state as a store sees it.</summary>
    public interface IGrainState<T> {
        T? State { get; set; }
        string? ETag { get; set; }
        bool RecordExists { get; set; }
    }

    /// <summary>One grain's state.</summary>
    [GenerateSerializer]
    public sealed class GrainState<T> : IGrainState<T> {
        [Id(0)]
        public T? State { get; set; }
        [Id(1)]
        public string? ETag { get; set; }
        [Id(2)]
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Core {
    /// <summary>State that can be stored.</summary>
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

    /// <summary>State of a type.</summary>
    public interface IStorage<TState> : IStorage {
        TState State { get; set; }
    }
}

namespace Orleans.Runtime {
    /// <summary>Persistent state of a grain, read before it activates.</summary>
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    /// <summary>Marks the constructor parameter that receives persistent state.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute : Attribute {
        public PersistentStateAttribute(string stateName, string? storageName = null) {
            ArgumentNullException.ThrowIfNull(stateName);
            (StateName, StorageName) = (stateName, storageName);
        }

        public string StateName { get; }
        public string? StorageName { get; }
    }
}

namespace Orleans.Storage {
    /// <summary>A store of grain states.</summary>
    public interface IGrainStorage {
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
    }

    /// <summary>The stored state is of another version than the one in memory.</summary>
    [GenerateSerializer]
    public class InconsistentStateException : OrleansException {
        public InconsistentStateException() { }
        public InconsistentStateException(string message) : base(message) { }
        public InconsistentStateException(string message, Exception? innerException) : base(message, innerException!) { }

        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : base(errorMsg)
            => (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);

        [Id(0)]
        internal bool IsSourceActivation { get; set; } = true;
        [Id(1)]
        public string? StoredEtag { get; private set; }
        [Id(2)]
        public string? CurrentEtag { get; private set; }
    }
}

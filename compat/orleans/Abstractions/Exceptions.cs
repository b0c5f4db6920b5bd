namespace Orleans.Runtime {
    [GenerateSerializer]
    public class OrleansException : Exception {
        public OrleansException() : base("Unexpected error.") { }
        public OrleansException(string message) : base(message) { }
        public OrleansException(string message, Exception innerException) : base(message, innerException) { }
    }

    [GenerateSerializer]
    public sealed class OrleansConfigurationException : Exception {
        public OrleansConfigurationException(string message) : base(message) { }
    }

    [GenerateSerializer]
    public class OrleansMessageRejectionException : OrleansException {
        internal OrleansMessageRejectionException(string message) : base(message) { }
        internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo of the grain is not there; whether the call ran is unknown.</summary>
    [GenerateSerializer]
    public sealed class SiloUnavailableException : OrleansMessageRejectionException {
        public SiloUnavailableException(string msg) : base(msg) { }
        public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization {
    [GenerateSerializer]
    public class SerializerException : Exception {
        public SerializerException(string message) : base(message) { }
    }

    [GenerateSerializer]
    public sealed class CodecNotFoundException : SerializerException {
        public CodecNotFoundException(string message) : base(message) { }
    }
}

namespace Orleans.Storage {
    /// <summary>The stored state is of another version than the one in memory.</summary>
    [GenerateSerializer]
    public class InconsistentStateException : Orleans.Runtime.OrleansException {
        public InconsistentStateException(string message) : base(message) { }
        [Id(0)] internal bool IsSourceActivation { get; set; } = true;
    }
}

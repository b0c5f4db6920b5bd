namespace Orleans.Runtime {
    /// <summary>The runtime failed.</summary>
    [GenerateSerializer]
    public class OrleansException : Exception {
        public OrleansException() : base("Unexpected error.") { }
        public OrleansException(string message) : base(message) { }
        public OrleansException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo is configured wrongly.</summary>
    [GenerateSerializer]
    public sealed class OrleansConfigurationException : Exception {
        public OrleansConfigurationException(string message) : base(message) { }
        public OrleansConfigurationException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A call was refused before it ran.</summary>
    [GenerateSerializer]
    public class OrleansMessageRejectionException : OrleansException {
        internal OrleansMessageRejectionException(string message) : base(message) { }
        internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo of the grain is not there; whether the call ran is unknown.</summary>
    [GenerateSerializer]
    public sealed class SiloUnavailableException : OrleansMessageRejectionException {
        public SiloUnavailableException() : base("Silo unavailable") { }
        public SiloUnavailableException(string msg) : base(msg) { }
        public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization {
    /// <summary>A value cannot travel.</summary>
    [GenerateSerializer]
    public class SerializerException : Exception {
        public SerializerException() { }
        public SerializerException(string message) : base(message) { }
        public SerializerException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A type has no serializer: it lacks <see cref="GenerateSerializerAttribute"/>.</summary>
    [GenerateSerializer]
    public sealed class CodecNotFoundException : SerializerException {
        public CodecNotFoundException(string message) : base(message) { }
    }
}

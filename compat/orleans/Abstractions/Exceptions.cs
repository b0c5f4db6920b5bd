namespace Orleans.Runtime
{
    /// <summary>The runtime failed.</summary>
    [GenerateSerializer]
    public class OrleansException : Exception
    {
        /// <summary>Without words.</summary>
        public OrleansException() : base("Unexpected error.") { }

        /// <summary>With words.</summary>
        public OrleansException(string message) : base(message) { }

        /// <summary>With a cause.</summary>
        public OrleansException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo is configured wrongly.</summary>
    [GenerateSerializer]
    public sealed class OrleansConfigurationException : Exception
    {
        /// <summary>With words.</summary>
        public OrleansConfigurationException(string message) : base(message) { }

        /// <summary>With a cause.</summary>
        public OrleansConfigurationException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A call was refused before it ran.</summary>
    [GenerateSerializer]
    public class OrleansMessageRejectionException : OrleansException
    {
        internal OrleansMessageRejectionException(string message) : base(message) { }

        internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The silo of the grain is not there; whether the call ran is unknown.</summary>
    [GenerateSerializer]
    public sealed class SiloUnavailableException : OrleansMessageRejectionException
    {
        /// <summary>Without words.</summary>
        public SiloUnavailableException() : base("Silo unavailable") { }

        /// <summary>With words.</summary>
        public SiloUnavailableException(string msg) : base(msg) { }

        /// <summary>With a cause.</summary>
        public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization
{
    /// <summary>A value cannot travel.</summary>
    [GenerateSerializer]
    public class SerializerException : Exception
    {
        /// <summary>Without words.</summary>
        public SerializerException() { }

        /// <summary>With words.</summary>
        public SerializerException(string message) : base(message) { }

        /// <summary>With a cause.</summary>
        public SerializerException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A type has no serializer: it lacks <see cref="GenerateSerializerAttribute"/>.</summary>
    [GenerateSerializer]
    public sealed class CodecNotFoundException : SerializerException
    {
        /// <summary>With words.</summary>
        public CodecNotFoundException(string message) : base(message) { }
    }
}

using System.Security.Cryptography;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Stores;

/// <summary>Makes the factory of stores.</summary>
internal static class StoreFactory
{
    /// <summary>With the defaults, and the system's randomness for the waits between attempts.</summary>
    public static ChunkStoreFactory Make(TimeProvider time, ILoggerFactory logs) =>
        new(new StoreRetryOptions(), time, static () => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20), static () => true, logs);
}

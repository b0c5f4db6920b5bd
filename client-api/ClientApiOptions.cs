namespace Granary.ClientApi;

/// <summary>Settings of the HTTP API.</summary>
public sealed class ClientApiOptions
{
    /// <summary>Operator keys that come from the environment or a file and not from the catalog. Default: none.</summary>
    public IList<OperatorCredential> Operators { get; } = [];

    /// <summary>
    /// Bytes of a chunk that a PUT cuts its body into: a power of two from 64 KiB to 64 MiB. Default 4 MiB (design, Words).
    /// </summary>
    public int ChunkBytes { get; set; } = 4 << 20;

    /// <summary>
    /// Chunks of one PUT that may be hashed and written while the next one is received. Default 4: a chunk is
    /// hashed in 2 ms, and takes 10 until its rows and its bytes are durable; more bring nothing (docs/benchmarks.md).
    /// </summary>
    public int ChunksInFlight { get; set; } = 4;

    /// <summary>
    /// Most bytes of checked chunks kept for ranges, taken from the buffer budget while nobody waits for it. Default 32 MiB.
    /// </summary>
    public long RangeCacheBytes { get; set; } = 32L << 20;

    /// <summary>
    /// Smallest chunk in bytes for which concurrent writers of the same content wait for each other. Default 256 KiB
    /// (design, IChunkGrain).
    /// </summary>
    public int SingleFlightBytes { get; set; } = 256 << 10;

    /// <summary>
    /// Reads of a chunk from a store that is not on this machine, within <see cref="HotWindow"/>, after which it gets a copy
    /// in a nearer store of the scope (G9). 0: never. Default 8.
    /// </summary>
    public int HotReads { get; set; } = 8;

    /// <summary>Time in which a read counts half as much for <see cref="HotReads"/>. Default 10 minutes.</summary>
    public TimeSpan HotWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a presigned link works. Default 60 s (D57).</summary>
    public TimeSpan PresignedLifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Every setting that is out of range, as a sentence each.</summary>
    public IEnumerable<string> Validate()
    {
        if (ChunkBytes is < (64 << 10) or > (64 << 20) || !int.IsPow2(ChunkBytes))
            yield return $"ChunkBytes is {ChunkBytes}; it must be a power of two from 65536 to 67108864.";
        if (ChunksInFlight is < 1 or > 16)
            yield return $"ChunksInFlight is {ChunksInFlight}; it must be from 1 to 16.";
        if (RangeCacheBytes < 0)
            yield return $"RangeCacheBytes is {RangeCacheBytes}; it must not be negative.";
        if (SingleFlightBytes < 0)
            yield return $"SingleFlightBytes is {SingleFlightBytes}; it must not be negative.";
        if (HotReads is < 0 or > 1_000_000)
            yield return $"HotReads is {HotReads}; it must be from 0 to 1000000.";
        if (HotWindow < TimeSpan.FromSeconds(1) || HotWindow > TimeSpan.FromDays(1))
            yield return $"HotWindow is {HotWindow}; it must be from a second to a day.";
        if (PresignedLifetime < TimeSpan.FromSeconds(1) || PresignedLifetime > TimeSpan.FromDays(1))
            yield return $"PresignedLifetime is {PresignedLifetime}; it must be from a second to a day.";
        foreach (var credential in Operators)
        {
            if (credential.SecretSha256.Length != 32)
                yield return $"The operator key {credential.Name} has a hash of {credential.SecretSha256.Length} bytes; SHA-256 has 32.";
        }
    }
}

/// <summary>An operator key outside the catalog.</summary>
/// <param name="Name">Its name in logs and changes.</param>
/// <param name="SecretSha256">SHA-256 of the key's UTF-8 text; the key itself is not kept.</param>
/// <param name="HomeTenant">Name of the tenant in which it acts unless told otherwise; null: it must always say.</param>
public sealed record OperatorCredential(string Name, byte[] SecretSha256, string? HomeTenant);

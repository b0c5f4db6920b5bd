namespace Granary.Stores;

/// <summary>
/// A place for the bytes of chunks: a directory or a bucket. Every verb may be called concurrently, also for the same key.
/// Absent is a value; unreachable is an exception: an outage, a missing mount or a partial answer never reads as "empty"
/// (design, rule 6). Implementations never retry; decorators do.
/// </summary>
/// <remarks>
/// Every verb throws <see cref="ChunkStoreException"/> when the store could not do it, and
/// <see cref="OperationCanceledException"/> when its token was signalled; after either, a put or a delete may still have
/// taken effect, or take effect later.
/// </remarks>
public interface IChunkStore : IAsyncDisposable
{
    /// <summary>Facts about this store that callers rely on; constant while it is open.</summary>
    ChunkStoreTraits Traits { get; }

    /// <summary>
    /// Stores one chunk. After the return it is durable and readable under the key; before, nothing is ever visible under it
    /// but the whole chunk. Repeating a put of the same key is success and leaves one copy.
    /// </summary>
    /// <param name="key">Where to; its hash must be the content's.</param>
    /// <param name="content">Sealed; stays the caller's, unchanged and not disposed until the task ends.</param>
    /// <param name="ct">Gives up waiting; the put may still take effect.</param>
    /// <exception cref="ArgumentException">The content is not sealed, or its hash is not the key's (D16): nothing is stored.</exception>
    Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct);

    /// <summary>What is stored under a key; null when the key is absent.</summary>
    Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct);

    /// <summary>
    /// Reads from an offset into the caller's memory, piece after piece, as far as the object reaches.
    /// </summary>
    /// <param name="key">What to read.</param>
    /// <param name="offset">Where to begin, in bytes; at or behind the end reads 0.</param>
    /// <param name="destination">Memory of the caller, which must stay valid until the task ends.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>
    /// The bytes read; fewer than there is room for means that the object ends there, never that the link did. Null: absent.
    /// </returns>
    Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct);

    /// <summary>
    /// Removes one copy. After the return the key is absent, durably. Repeating it is success.
    /// </summary>
    /// <returns>True when something was removed, false when it was absent; where a store cannot tell, true.</returns>
    Task<bool> DeleteAsync(LocationKey key, CancellationToken ct);

    /// <summary>
    /// All chunk keys that begin with a prefix, in no particular order. What is put or deleted meanwhile may or may not
    /// appear. A failure throws, also midway: the sequence never just ends early (G3).
    /// </summary>
    /// <param name="prefix">Empty, or the beginning of a key such as <c>chunks/t1/</c>.</param>
    /// <param name="ct">Gives up.</param>
    IAsyncEnumerable<ChunkListing> ListAsync(string prefix, CancellationToken ct);

    /// <summary>
    /// Looks whether the store is there and ours: its identity object names this installation and this store.
    /// </summary>
    /// <exception cref="ChunkStoreOfflineException">It is missing, somebody else's, or cannot be read.</exception>
    Task CheckAsync(CancellationToken ct);
}

/// <summary>What is known of a stored object without reading it.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="Modified">When it was stored, by the store's clock.</param>
public readonly record struct ChunkStat(long Length, DateTimeOffset Modified);

/// <summary>One entry of a listing.</summary>
/// <param name="Key">The copy.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Modified">When it was stored, by the store's clock.</param>
public readonly record struct ChunkListing(LocationKey Key, long Length, DateTimeOffset Modified);

/// <summary>Facts about an open store that callers rely on.</summary>
public sealed record ChunkStoreTraits
{
    /// <summary>The store's name, for messages and metrics.</summary>
    public required string Name { get; init; }

    /// <summary>The kind: <c>local</c> or <c>s3</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>True when a read is served by this machine, which the download order prefers.</summary>
    public required bool IsLocal { get; init; }

    /// <summary>True when a listing begun after a put or delete returned shows its effect.</summary>
    public required bool ListIsConsistent { get; init; }

    /// <summary>True when the store itself refuses a put whose bytes do not fit their hash.</summary>
    public required bool VerifiesWrites { get; init; }

    /// <summary>Concurrent operations from which on more bring nothing; a hint.</summary>
    public required int ConcurrencyHint { get; init; }
}

/// <summary>
/// A store that can hand out short-lived links for reading directly from it (D57). Find it by <see cref="ChunkStore.Find{T}"/>,
/// which looks through decorators.
/// </summary>
public interface IPresignedReads
{
    /// <summary>A link with which anybody can GET one object until it expires; says nothing about whether it exists.</summary>
    /// <param name="key">The copy.</param>
    /// <param name="contentType">The Content-Type that the answer shall carry; null: what the store says.</param>
    /// <param name="lifetime">How long the link works; 60 s unless told otherwise.</param>
    Uri PresignGet(LocationKey key, string? contentType = null, TimeSpan? lifetime = null);
}

/// <summary>
/// A store whose place can be given up, so that it may become another store's. Find it by <see cref="ChunkStore.Find{T}"/>.
/// </summary>
public interface IOwnedPlace
{
    /// <summary>Takes the identity object away, after which the store is offline. Only where no chunk is left; repeating it is success.</summary>
    /// <returns>False when there are chunks: nothing was done.</returns>
    Task<bool> LeaveAsync(CancellationToken ct);
}

/// <summary>
/// A store on a file system of a known size. Find it by <see cref="ChunkStore.Find{T}"/>, which looks through decorators.
/// </summary>
public interface IFileSystemStore
{
    /// <summary>How large the file system is.</summary>
    /// <exception cref="ChunkStoreException">It does not say.</exception>
    Task<FileSystemSpace> MeasureAsync(CancellationToken ct);
}

/// <summary>Space of a file system, as far as this process may use it.</summary>
/// <param name="Total">All of it, in bytes.</param>
/// <param name="Free">What is free, in bytes.</param>
public readonly record struct FileSystemSpace(long Total, long Free);

/// <summary>A store that wraps another one and adds one concern.</summary>
public interface IChunkStoreDecorator : IChunkStore
{
    /// <summary>The store that is wrapped.</summary>
    IChunkStore Inner { get; }
}

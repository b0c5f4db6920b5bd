namespace Granary.Stores;

/// <summary>What a transfer does with its memory, which decides when it counts as idle.</summary>
public enum BufferUse
{
    /// <summary>Fills chunks from the network. Idle while an unfinished chunk gets no byte.</summary>
    Receiving,

    /// <summary>
    /// Sends chunks to the network. Idle while it holds a sealed chunk and <see cref="BufferAccount.Progress"/> is not called;
    /// not while it still reads one from a store.
    /// </summary>
    Sending,

    /// <summary>Moves chunks between stores; bounded by their time-outs and never told to give back.</summary>
    Internal,
}

/// <summary>
/// One transfer's account with the pool: an upload, a download, a copy. Opened per request; its chunks may be filled, stored
/// and sent one behind the other, each disposed when done.
/// </summary>
public sealed class BufferAccount : IDisposable
{
    private readonly ChunkBufferPool _pool;
    private readonly CancellationTokenSource _reclaimed = new();
    private readonly TimeProvider _time;

    internal BufferAccount(ChunkBufferPool pool, BufferTenant tenant, BufferUse use, TimeProvider time)
    {
        _pool = pool;
        _time = time;
        Tenant = tenant;
        Use = use;
        LastProgress = time.GetTimestamp();
    }

    /// <summary>
    /// Signalled when the memory is taken back: the transfer ends (an upload answers 503 busy) and disposes its chunks at
    /// once. Nothing is taken by force.
    /// </summary>
    public CancellationToken Reclaimed => _reclaimed.Token;

    /// <summary>What this transfer does with its memory.</summary>
    public BufferUse Use { get; }

    internal BufferTenant Tenant { get; }

    /// <summary>Chunks that hold memory; guarded by the pool's lock.</summary>
    internal HashSet<ChunkBuffer> Chunks { get; } = [];

    /// <summary>Requests of this account that wait for memory; guarded by the pool's lock.</summary>
    internal int Waiting { get; set; }

    internal long LastProgress { get; private set; }

    internal bool IsReclaimed => _reclaimed.IsCancellationRequested;

    internal bool IsClosed { get; set; }

    /// <summary>Begins a chunk. Takes no memory yet: pieces come as bytes arrive.</summary>
    /// <param name="maxLength">The most bytes it can get, in bytes: exactly its length where that is known, else the chunk size.</param>
    /// <exception cref="ArgumentOutOfRangeException">More than the pool could ever give one chunk.</exception>
    public ChunkBuffer Begin(int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLength, _pool.MaxChunkBytes);
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new ChunkBuffer(this, maxLength);
    }

    /// <summary>Says that a byte moved on the network. Filling a chunk says so by itself.</summary>
    public void Progress() => LastProgress = _time.GetTimestamp();

    /// <summary>Closes the account; chunks not disposed yet keep their memory until they are.</summary>
    public void Dispose() => _pool.Close(this);

    internal ValueTask<BufferPiece> LeaseAsync(ChunkBuffer chunk, CancellationToken ct) => _pool.LeaseAsync(this, chunk, ct);

    internal void Release(ChunkBuffer chunk, List<BufferPiece> pieces) => _pool.Release(this, chunk, pieces);

    internal void Ended(ChunkBuffer chunk) => _pool.Ended(chunk);

    /// <summary>Signals without running anybody's code on this thread.</summary>
    internal void Reclaim() => _ = _reclaimed.CancelAsync();
}

/// <summary>The memory of a transfer was taken back, because it was idle while others waited.</summary>
public sealed class ChunkBufferReclaimedException()
    : Exception("The buffers of this transfer were taken back because it stood still while others waited for memory.");

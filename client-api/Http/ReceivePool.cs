using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Granary.ClientApi.Http;

/// <summary>
/// Memory between sockets and requests. Kestrel's own pool has blocks of 4 KiB and receives into one block at a time: a GiB
/// then costs 260,000 receives. Blocks of <see cref="BlockBytes"/> take what has arrived at once. A connection without
/// unread bytes holds none.
/// </summary>
internal sealed class ReceivePool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>Bytes of a block: from here on larger ones bring nothing (docs/benchmarks.md).</summary>
    public const int BlockBytes = 64 << 10;

    /// <summary>Free blocks that are kept; what a crowd needed beyond them goes back to the runtime.</summary>
    private const int MostKept = 256;

    private readonly ConcurrentQueue<Block> _free = new();
    private int _kept;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockBytes;

    /// <summary>One pool for all connections: blocks move to where bytes arrive.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_free.TryDequeue(out var block))
            return new Block(this);
        Interlocked.Decrement(ref _kept);
        block.IsFree = false;
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The pool lives as long as the process; each connection listener disposes what it was given.
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _kept) <= MostKept)
            _free.Enqueue(block);
        else
            Interlocked.Decrement(ref _kept);
    }

    private sealed class Block(ReceivePool pool) : IMemoryOwner<byte>
    {
        // Pinned, because sockets read into it and write from it all the time.
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public bool IsFree { get; set; }

        public Memory<byte> Memory => MemoryMarshal.CreateFromPinnedArray(_bytes, 0, _bytes.Length);

        public void Dispose()
        {
            if (IsFree)
                return;
            IsFree = true;
            pool.Return(this);
        }
    }
}

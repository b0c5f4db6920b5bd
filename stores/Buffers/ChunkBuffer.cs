using System.Buffers;
using System.Security.Cryptography;
using Granary.GrainInterfaces;

namespace Granary.Stores;

/// <summary>
/// The bytes of one whole chunk, in pieces of a <see cref="ChunkBufferPool"/>. It is filled by one writer, piece by piece
/// as bytes arrive, then sealed, which computes its hash once over the very bytes that every store then takes; from then
/// on it does not change and may be read by many. Whoever disposes it makes sure that nobody reads it any more.
/// </summary>
public sealed class ChunkBuffer : IDisposable
{
    [ThreadStatic]
    private static IncrementalHash? t_hasher;

    private readonly List<BufferPiece> _pieces = [];
    private readonly BufferAccount? _account;
    private ChunkHash _hash;
    private Memory<byte>[]? _filled;
    private bool _disposed;

    internal ChunkBuffer(BufferAccount? account, int maxLength)
    {
        _account = account;
        MaxLength = maxLength;
    }

    /// <summary>The most bytes this chunk can get.</summary>
    public int MaxLength { get; }

    /// <summary>Bytes filled so far.</summary>
    public int Length { get; private set; }

    /// <summary>True once the hash is known and the bytes do not change any more.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>The hash of the bytes.</summary>
    /// <exception cref="InvalidOperationException">The chunk is not sealed.</exception>
    public ChunkHash Hash => IsSealed ? _hash : throw new InvalidOperationException("The chunk is not sealed yet.");

    /// <summary>The filled bytes in order; only the last piece may be shorter than a piece of the pool.</summary>
    public IReadOnlyList<Memory<byte>> Pieces => _filled ?? Slice(Length);

    /// <summary>The pieces as they lie in memory, with room behind the last byte that is zero once sealed.</summary>
    internal IReadOnlyList<BufferPiece> RawPieces => _pieces;

    /// <summary>True when the chunk waits for no byte any more.</summary>
    internal bool IsFilled => HasEnded || Length == MaxLength;

    /// <summary>Where in the pool's account the memory is booked; the pool's own.</summary>
    internal ChunkClaim Claim { get; } = new();

    /// <summary>A sealed chunk outside any budget, with a copy of the bytes: for tests and for what is tiny.</summary>
    public static ChunkBuffer CopyOf(ReadOnlySpan<byte> bytes)
    {
        var buffer = new ChunkBuffer(null, bytes.Length);
        var room = RoundUp(bytes.Length);
        if (room > 0)
        {
            var piece = BufferPiece.Allocate(room);
            bytes.CopyTo(piece.Memory.Span);
            buffer._pieces.Add(piece);
            buffer.Capacity = room;
            buffer.Length = bytes.Length;
        }

        buffer.Seal();
        return buffer;
    }

    /// <summary>
    /// Room for the next bytes: the rest of the last piece, or a new one, for which it waits when the budget is used up.
    /// </summary>
    /// <returns>At least one byte; never more than the chunk can still take.</returns>
    /// <exception cref="InvalidOperationException">The chunk is full or sealed.</exception>
    /// <exception cref="ChunkBufferReclaimedException">The memory of this transfer was taken back.</exception>
    public ValueTask<Memory<byte>> GetMemoryAsync(CancellationToken ct)
    {
        ThrowUnlessOpen();
        if (IsFilled)
            throw new InvalidOperationException($"The chunk has all of its {Length} bytes.");
        var tail = Tail();
        return tail.Length > 0 ? new(tail) : GrowAsync(ct);
    }

    /// <summary>Says that the next bytes were written into the room given out last.</summary>
    public void Advance(int count)
    {
        ThrowUnlessOpen();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Math.Min(Capacity, MaxLength) - Length);
        Length += count;
        if (count > 0)
            _account?.Progress();
    }

    /// <summary>Gets the memory for a number of bytes at once, to be filled by a store; <see cref="Advance"/> says how far it was.</summary>
    /// <returns>The room for exactly that many bytes, from the chunk's first one on.</returns>
    public async ValueTask<IReadOnlyList<Memory<byte>>> ReserveAsync(int length, CancellationToken ct)
    {
        ThrowUnlessOpen();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        while (Capacity < length)
            await AddPieceAsync(ct).ConfigureAwait(false);
        return Slice(length);
    }

    /// <summary>
    /// Says that no more bytes will come, before the hash is computed: what the chunk claimed beyond them is free for others,
    /// and it does not count as idle while it waits to be stored. A chunk that is full needs no such word.
    /// </summary>
    public void EndFilling()
    {
        ThrowUnlessOpen();
        HasEnded = true;
        _account?.Ended(this);
    }

    /// <summary>Ends filling: computes the hash, and zeroes the room behind the last byte, which direct writes pad with.</summary>
    public ChunkHash Seal()
    {
        ThrowUnlessOpen();
        var filled = Slice(Length);
        Span<byte> hash = stackalloc byte[ChunkHash.Size];
        if (filled.Length <= 1)
        {
            SHA256.HashData(filled.Length == 0 ? [] : filled[0].Span, hash);
        }
        else
        {
            var hasher = t_hasher ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var piece in filled)
                hasher.AppendData(piece.Span);
            hasher.GetHashAndReset(hash);
        }

        ZeroPadding();
        HasEnded = true;
        _hash = ChunkHash.From(hash);
        _filled = filled;
        IsSealed = true;
        _account?.Ended(this);
        return _hash;
    }

    /// <summary>The filled bytes as one sequence.</summary>
    public ReadOnlySequence<byte> AsSequence()
    {
        var pieces = Pieces;
        if (pieces.Count == 0)
            return ReadOnlySequence<byte>.Empty;
        var first = new Segment(pieces[0], 0);
        var last = first;
        for (var i = 1; i < pieces.Count; i++)
            last = last.Append(pieces[i]);
        return new(first, 0, last, last.Memory.Length);
    }

    /// <summary>A stream over the sealed bytes; it can seek and does not own the chunk.</summary>
    public Stream OpenRead() => IsSealed ? new ChunkReadStream(this) : throw new InvalidOperationException("The chunk is not sealed yet.");

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _account?.Release(this, _pieces);
        _pieces.Clear();
        _filled = [];
        Capacity = Length = 0;
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    private int Capacity { get; set; }

    private bool HasEnded { get; set; }

    private async ValueTask<Memory<byte>> GrowAsync(CancellationToken ct)
    {
        await AddPieceAsync(ct).ConfigureAwait(false);
        return Tail();
    }

    private async ValueTask AddPieceAsync(CancellationToken ct)
    {
        var account = _account ?? throw new InvalidOperationException("A chunk outside the pool does not grow.");
        var piece = await account.LeaseAsync(this, ct).ConfigureAwait(false);
        _pieces.Add(piece);
        Capacity += piece.Memory.Length;
    }

    private Memory<byte> Tail()
    {
        var free = Math.Min(Capacity, MaxLength) - Length;
        if (free == 0)
            return default;
        var last = _pieces[^1].Memory;
        var start = Length - (Capacity - last.Length);
        return last.Slice(start, free);
    }

    private Memory<byte>[] Slice(int length)
    {
        var slices = new List<Memory<byte>>(_pieces.Count);
        foreach (var piece in _pieces)
        {
            if (length == 0)
                break;
            var part = Math.Min(length, piece.Memory.Length);
            slices.Add(piece.Memory[..part]);
            length -= part;
        }

        return [.. slices];
    }

    private void ZeroPadding()
    {
        var end = Length;
        foreach (var piece in _pieces)
        {
            if (end < piece.Memory.Length)
            {
                var from = Math.Max(end, 0);
                if (from % BufferPiece.Alignment != 0)
                    piece.Memory.Span[from..RoundUp(from)].Clear();
                return;
            }

            end -= piece.Memory.Length;
        }
    }

    private static int RoundUp(int length) => (length + BufferPiece.Alignment - 1) & -BufferPiece.Alignment;

    private void ThrowUnlessOpen()
    {
        ThrowIfDisposed();
        if (IsSealed)
            throw new InvalidOperationException("The chunk is sealed.");
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

using System.Runtime.CompilerServices;

namespace Granary.Stores;

/// <summary>One piece of memory for chunk bytes: pinned, its address a multiple of <see cref="Alignment"/>.</summary>
/// <param name="Memory">The bytes; their number is a multiple of <see cref="Alignment"/>.</param>
/// <param name="Address">Where they begin.</param>
internal readonly record struct BufferPiece(Memory<byte> Memory, nint Address)
{
    /// <summary>What writing around the page cache asks of address, length and offset; the largest block size of any disk.</summary>
    public const int Alignment = 4096;

    /// <summary>
    /// Gets fresh memory from the pinned heap: it does not move, its pages count as used once they were written to, and it
    /// lives as long as anybody refers to it, so that a reader which is late can meet foreign bytes but never unmapped ones.
    /// </summary>
    /// <param name="length">Bytes, a multiple of the alignment.</param>
    public static unsafe BufferPiece Allocate(int length)
    {
        var array = GC.AllocateUninitializedArray<byte>(length + Alignment, pinned: true);
        var start = (nint)Unsafe.AsPointer(ref array[0]);
        var skip = (int)(((start + Alignment - 1) & -Alignment) - start);
        return new(array.AsMemory(skip, length), start + skip);
    }

    /// <summary>A part; offset and length are multiples of the alignment.</summary>
    public BufferPiece Part(int offset, int length) => new(Memory.Slice(offset, length), Address + offset);
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Orleans;

namespace Granary.GrainInterfaces;

/// <summary>
/// The name of a chunk: the SHA-256 of its bytes (D15). A value other than <c>default</c> always holds 32 bytes that were
/// given as such; the default value stands for "no hash" and every use of its bytes throws.
/// </summary>
/// <remarks>Ordered as bytes, which is also the order of the lowercase hexadecimal text.</remarks>
[GenerateSerializer, Immutable, Alias("granary.chunk-hash")]
public readonly record struct ChunkHash : IComparable<ChunkHash>
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    /// <summary>Characters of a hash as hexadecimal text.</summary>
    public const int HexLength = 64;

    [Id(0)]
    private readonly ulong _a;

    [Id(1)]
    private readonly ulong _b;

    [Id(2)]
    private readonly ulong _c;

    [Id(3)]
    private readonly ulong _d;

    private ChunkHash(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>True for the default value, which names no chunk. (32 zero bytes are no known SHA-256 and are refused.)</summary>
    public bool IsEmpty => (_a | _b | _c | _d) == 0;

    /// <summary>Makes a hash of its 32 bytes.</summary>
    /// <exception cref="ArgumentException">There are not exactly 32 bytes, or all are zero.</exception>
    public static ChunkHash From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A chunk hash has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        var hash = new ChunkHash(bytes);
        if (hash.IsEmpty)
            throw new ArgumentException("A chunk hash of 32 zero bytes names no chunk.", nameof(bytes));
        return hash;
    }

    /// <summary>Reads 64 hexadecimal digits of either case; anything else, and 64 zeros, is false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? hex, out ChunkHash hash) =>
        TryParse(hex.AsSpan(), out hash);

    /// <summary>Reads 64 hexadecimal digits of either case; anything else, and 64 zeros, is false.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out ChunkHash hash)
    {
        hash = default;
        if (hex.Length != HexLength)
            return false;
        Span<byte> bytes = stackalloc byte[Size];
        if (Convert.FromHexString(hex, bytes, out _, out var written) != System.Buffers.OperationStatus.Done || written != Size)
            return false;
        hash = new ChunkHash(bytes);
        return !hash.IsEmpty;
    }

    /// <summary>Reads 64 hexadecimal digits of either case.</summary>
    /// <exception cref="FormatException">The text is not a chunk hash.</exception>
    public static ChunkHash Parse(string hex) =>
        TryParse(hex, out var hash) ? hash : throw new FormatException("A chunk hash is 64 hexadecimal digits.");

    /// <summary>Writes the 32 bytes.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (IsEmpty)
            throw new InvalidOperationException("The default chunk hash names no chunk.");
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>The 32 bytes, for a database parameter.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public byte[] ToByteArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(ChunkHash other)
    {
        var order = _a.CompareTo(other._a);
        if (order == 0)
            order = _b.CompareTo(other._b);
        if (order == 0)
            order = _c.CompareTo(other._c);
        return order != 0 ? order : _d.CompareTo(other._d);
    }

    /// <summary>64 lowercase hexadecimal digits; <c>(none)</c>, which is no hash and no part of a key, for the default value.</summary>
    public override string ToString() => IsEmpty ? "(none)" : Convert.ToHexStringLower(ToByteArray());

    /// <summary>Bytewise order.</summary>
    public static bool operator <(ChunkHash left, ChunkHash right) => left.CompareTo(right) < 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator >(ChunkHash left, ChunkHash right) => left.CompareTo(right) > 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator <=(ChunkHash left, ChunkHash right) => left.CompareTo(right) <= 0;

    /// <summary>Bytewise order.</summary>
    public static bool operator >=(ChunkHash left, ChunkHash right) => left.CompareTo(right) >= 0;
}

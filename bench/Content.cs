using System.Buffers.Binary;

namespace Granary.Bench;

/// <summary>Content that no two calls with different seeds share, made fast: xorshift over 64-bit words.</summary>
internal static class Content
{
    /// <summary>Fills a buffer; different seeds give different bytes in every 4 MiB piece.</summary>
    public static void Fill(Span<byte> buffer, long seed)
    {
        var state = unchecked((ulong)seed * 0x9E3779B97F4A7C15UL) | 1;
        for (; buffer.Length >= 8; buffer = buffer[8..])
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, state);
        }

        foreach (ref var b in buffer)
        {
            b = (byte)(state >>= 1);
        }
    }

    /// <summary>Writes a file of unique content and leaves it in the page cache.</summary>
    public static void WriteFile(string path, long length, long seed)
    {
        var buffer = new byte[4 << 20];
        using var file = File.Create(path);
        for (long done = 0; done < length; done += buffer.Length)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
            Fill(piece, seed + done + 1);
            file.Write(piece);
        }
    }
}

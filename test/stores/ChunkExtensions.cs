namespace Granary.Stores.Tests;

internal static class ChunkExtensions
{
    /// <summary>The bytes of a chunk.</summary>
    public static byte[] ToArray(this ChunkBuffer chunk) => [.. chunk.Pieces.SelectMany(p => p.ToArray())];

    /// <summary>A sealed chunk of the pool with these bytes.</summary>
    public static async Task<ChunkBuffer> FillAsync(this BufferAccount account, byte[] bytes)
    {
        var chunk = account.Begin(bytes.Length);
        for (var done = 0; done < bytes.Length;)
        {
            var room = await chunk.GetMemoryAsync(default);
            var count = Math.Min(room.Length, bytes.Length - done);
            bytes.AsMemory(done, count).CopyTo(room);
            chunk.Advance(count);
            done += count;
        }

        chunk.Seal();
        return chunk;
    }
}

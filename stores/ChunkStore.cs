namespace Granary.Stores;

/// <summary>What every store shares.</summary>
public static class ChunkStore
{
    /// <summary>The first of a store and the stores that it wraps which has a capability; null when none has.</summary>
    public static T? Find<T>(this IChunkStore store)
        where T : class
    {
        for (var current = store; ; current = ((IChunkStoreDecorator)current).Inner)
        {
            if (current is T found)
                return found;
            if (current is not IChunkStoreDecorator)
                return null;
        }
    }

    /// <summary>
    /// Reads one whole copy and verifies it: design, Reading. The result is sealed and the caller's to dispose.
    /// </summary>
    /// <param name="store">Where from.</param>
    /// <param name="key">Which copy.</param>
    /// <param name="length">Its bytes, as the catalog knows them.</param>
    /// <param name="account">Where the memory comes from.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The chunk; null when the copy is absent.</returns>
    /// <exception cref="ChunkCorruptException">The copy has another length or other bytes than its name says.</exception>
    public static async Task<ChunkBuffer?> ReadVerifiedAsync(this IChunkStore store, LocationKey key, int length, BufferAccount account, CancellationToken ct)
    {
        var chunk = account.Begin(length);
        try
        {
            var room = await chunk.ReserveAsync(length, ct).ConfigureAwait(false);
            var read = await store.ReadAsync(key, 0, room, ct).ConfigureAwait(false);
            if (read is null)
            {
                chunk.Dispose();
                return null;
            }

            chunk.Advance(read.Value);
            if (read.Value != length)
                throw new ChunkCorruptException(store.Traits.Name, key, default, length, read.Value);
            var hash = chunk.Seal();
            return hash == key.Hash ? chunk : throw new ChunkCorruptException(store.Traits.Name, key, hash, length, length);
        }
        catch
        {
            chunk.Dispose();
            throw;
        }
    }

    /// <summary>The check that every put begins with (D16).</summary>
    /// <exception cref="ArgumentException">The content is not sealed, or its hash is not the key's.</exception>
    public static void ThrowUnlessFits(LocationKey key, ChunkBuffer content)
    {
        if (!content.IsSealed)
            throw new ArgumentException("The chunk is not sealed.", nameof(content));
        if (key.IsEmpty || content.Hash != key.Hash)
            throw new ArgumentException($"The chunk hashes to {content.Hash} and does not belong under this key.", nameof(content));
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Granary.Stores;

namespace Granary.TestSupport;

/// <summary>A store in memory, for tests of what lies above stores, and the model for tests of stores. Passes the stores' conformance suite.</summary>
public sealed class MemoryChunkStore(string name = "memory", TimeProvider? time = null) : IChunkStore
{
    private readonly ConcurrentDictionary<LocationKey, (byte[] Bytes, DateTimeOffset At)> _objects = new();

    /// <inheritdoc/>
    public ChunkStoreTraits Traits { get; } = new()
    {
        Name = name,
        Backend = "memory",
        IsLocal = true,
        ListIsConsistent = true,
        VerifiesWrites = true,
        ConcurrencyHint = 64,
    };

    /// <summary>What is stored.</summary>
    public IReadOnlyCollection<LocationKey> Keys => [.. _objects.Keys];

    /// <summary>Bytes of everything stored.</summary>
    public long TotalBytes => _objects.Values.Sum(o => (long)o.Bytes.Length);

    /// <summary>Changes stored bytes behind everybody's back.</summary>
    public void Corrupt(LocationKey key, Func<byte[], byte[]> change) => _objects[key] = (change([.. _objects[key].Bytes]), _objects[key].At);

    /// <inheritdoc/>
    public Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        ChunkStore.ThrowUnlessFits(key, content);
        ct.ThrowIfCancellationRequested();
        var bytes = new byte[content.Length];
        using (var stream = content.OpenRead())
            stream.ReadExactly(bytes);
        _objects[key] = (bytes, (time ?? TimeProvider.System).GetUtcNow());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(_objects.TryGetValue(key, out var found) ? new ChunkStat(found.Bytes.Length, found.At) : (ChunkStat?)null);
    }

    /// <inheritdoc/>
    public Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (!_objects.TryGetValue(key, out var found))
            return Task.FromResult<int?>(null);
        var rest = found.Bytes.AsMemory((int)Math.Min(offset, found.Bytes.Length));
        var read = 0;
        foreach (var part in destination)
        {
            var count = Math.Min(part.Length, rest.Length);
            rest[..count].CopyTo(part);
            rest = rest[count..];
            read += count;
        }

        return Task.FromResult<int?>(read);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(_objects.TryRemove(key, out _));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var (key, found) in _objects)
        {
            ct.ThrowIfCancellationRequested();
            if (key.ToString().StartsWith(prefix, StringComparison.Ordinal))
                yield return new(key, found.Bytes.Length, found.At);
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

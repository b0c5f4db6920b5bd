using Granary.Catalog;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Content;

/// <summary>
/// Chunks that were read and checked once for everybody who wants them at one time: many readers of a chunk in a store that
/// is not on this machine cause one fetch (G10), and a client that fetches a file in many small parallel ranges makes each
/// chunk be read and hashed once. Nobody gets a byte before the whole chunk was checked; what failed is kept by nobody. Chunks
/// of ranges are kept for the next range. Memory is the buffer budget's; each chunk has an account of its
/// own, so that the budget takes back those that nobody uses when others wait. Never more than
/// <see cref="ClientApiOptions.RangeCacheBytes"/>, apart from chunks that are being sent.
/// </summary>
internal sealed class CheckedChunks(
    ChunkReader reader, ChunkBufferPool buffers, ApiMetrics metrics, IOptions<ClientApiOptions> options) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(TenantId Tenant, ChunkHash Hash), Entry> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private readonly long _limit = options.Value.RangeCacheBytes;
    private long _bytes;

    /// <summary>Bytes that are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>A checked chunk, read if it is not at hand; whoever asks for one that is being read waits for that reading.</summary>
    /// <param name="source">On whose behalf.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="keep">Kept for the next one who asks; else only while somebody uses it.</param>
    /// <returns>A lease for the caller to dispose; null when no copy can be read.</returns>
    public async Task<ChunkLease?> GetAsync(ReadSource source, ChunkWithCopies chunk, bool keep)
    {
        while (true)
        {
            var (entry, mine) = Enter(source, chunk, keep);
            if (mine)
                await LoadAsync(entry, source, chunk);
            else
                metrics.CacheHit();

            // Who read it may have been of a scope that reaches fewer copies; for one's own scope that was the answer.
            var lease = await LeaseAsync(entry);
            if (lease is not null || mine || entry.Scope == source.Stores.Scope)
                return lease;
        }
    }

    private (Entry Entry, bool Mine) Enter(ReadSource source, ChunkWithCopies chunk, bool keep)
    {
        lock (_gate)
        {
            var mine = false;
            if (_entries.TryGetValue((source.Tenant, chunk.Hash), out var entry))
            {
                _byUse.Remove(entry.Place);
            }
            else
            {
                entry = new Entry((source.Tenant, chunk.Hash), source.Stores.Scope, chunk.Size, buffers.Open(source.TenantText, BufferUse.Sending));
                _entries.Add(entry.Key, entry);
                _bytes += entry.Size;
                mine = true;
            }

            entry.Users++;
            entry.Keep |= keep;
            _byUse.AddFirst(entry.Place);
            return (entry, mine);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var entry in _entries.Values.ToList())
                Remove(entry);
        }
    }

    private async Task LoadAsync(Entry entry, ReadSource source, ChunkWithCopies chunk)
    {
        try
        {
            var read = await reader.ReadAsync(source, chunk, entry.Account, CancellationToken.None);
            if (read is null)
                Drop(entry);
            entry.Loaded.SetResult(read);
        }
        catch (Exception error)
        {
            // Everyone who waits gets the fault, the caller included.
            Drop(entry);
            entry.Loaded.SetException(error);
            return;
        }

        entry.OnReclaim = entry.Account.Reclaimed.UnsafeRegister(
            static state =>
            {
                var (cache, reclaimed) = ((CheckedChunks, Entry))state!;
                cache.Drop(reclaimed);
            },
            (this, entry));
        Trim();
    }

    private async Task<ChunkLease?> LeaseAsync(Entry entry)
    {
        ChunkBuffer? chunk;
        try
        {
            chunk = await entry.Loaded.Task;
        }
        catch
        {
            Leave(entry);
            throw;
        }

        if (chunk is null)
        {
            Leave(entry);
            return null;
        }

        entry.Account.Progress();
        return new ChunkLease(chunk, entry.Account, _ => Leave(entry));
    }

    private void Leave(Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            if (entry is { Removed: true, Users: 0 })
                entry.Free();
            else if (entry is { Keep: false, Users: 0 })
                Remove(entry);
        }
    }

    private void Drop(Entry entry)
    {
        lock (_gate)
            Remove(entry);
    }

    private void Trim()
    {
        lock (_gate)
        {
            for (var last = _byUse.Last; last is not null && _bytes > _limit; last = _byUse.Last)
                Remove(last.Value);
        }
    }

    private void Remove(Entry entry)
    {
        if (entry.Removed)
            return;
        entry.Removed = true;
        _entries.Remove(entry.Key);
        _byUse.Remove(entry.Place);
        _bytes -= entry.Size;
        if (entry.Users == 0)
            entry.Free();
    }

    private sealed class Entry
    {
        public Entry((TenantId Tenant, ChunkHash Hash) key, ScopeId scope, int size, BufferAccount account)
        {
            Key = key;
            Scope = scope;
            Size = size;
            Account = account;
            Place = new LinkedListNode<Entry>(this);
        }

        public (TenantId Tenant, ChunkHash Hash) Key { get; }

        /// <summary>On whose behalf it is read.</summary>
        public ScopeId Scope { get; }

        public int Size { get; }

        public BufferAccount Account { get; }

        public LinkedListNode<Entry> Place { get; }

        public TaskCompletionSource<ChunkBuffer?> Loaded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenRegistration OnReclaim { get; set; }

        public int Users { get; set; }

        public bool Keep { get; set; }

        public bool Removed { get; set; }

        /// <summary>Gives the memory back; nobody uses it any more.</summary>
        public void Free()
        {
            OnReclaim.Unregister();
            if (Loaded.Task is { IsCompletedSuccessfully: true, Result: { } chunk })
                chunk.Dispose();
            Account.Dispose();
        }
    }
}

using System.Runtime.CompilerServices;
using Granary.Stores;

namespace Granary.TestSupport;

/// <summary>The verbs of a store, for choosing which of them misbehave.</summary>
[Flags]
public enum StoreVerbs
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>PutAsync.</summary>
    Put = 1,

    /// <summary>StatAsync.</summary>
    Stat = 2,

    /// <summary>ReadAsync.</summary>
    Read = 4,

    /// <summary>DeleteAsync.</summary>
    Delete = 8,

    /// <summary>ListAsync.</summary>
    List = 16,

    /// <summary>CheckAsync.</summary>
    Check = 32,

    /// <summary>Every one.</summary>
    All = 63,
}

/// <summary>
/// A store that misbehaves on command: fails before or after the act, stands still until released, or lies about what it
/// read. Everything else goes to the store behind it.
/// </summary>
public sealed class FaultyChunkStore(IChunkStore inner) : IChunkStoreDecorator
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StoreVerbs, int> _calls = [];
    private Plan? _before;
    private Plan? _after;
    private StoreVerbs _stalling;
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stalled;
    private int _listBreaksAfter = -1;

    /// <inheritdoc/>
    public IChunkStore Inner => inner;

    /// <inheritdoc/>
    public ChunkStoreTraits Traits => inner.Traits;

    /// <summary>Reads give these bytes a turn before they return; null: as they are.</summary>
    public Action<LocationKey, IReadOnlyList<Memory<byte>>>? Lie { get; set; }

    /// <summary>Told of each put when it begins.</summary>
    public Action<LocationKey>? Putting { get; set; }

    /// <summary>Calls that stand still now.</summary>
    public int Stalled => Volatile.Read(ref _stalled);

    /// <summary>Calls of a verb so far.</summary>
    public int Calls(StoreVerbs verb)
    {
        lock (_gate)
            return _calls.GetValueOrDefault(verb);
    }

    /// <summary>Calls fail, without the act having happened.</summary>
    /// <param name="verbs">Which.</param>
    /// <param name="fault">How.</param>
    /// <param name="times">How often; then they work again. All by default.</param>
    public void Fail(StoreVerbs verbs, ChunkStoreFault fault = ChunkStoreFault.Unavailable, int times = int.MaxValue)
    {
        lock (_gate)
            _before = new(verbs, fault, times);
    }

    /// <summary>The act happens, and then the call fails: the answer got lost.</summary>
    public void FailAfter(StoreVerbs verbs, ChunkStoreFault fault = ChunkStoreFault.Timeout, int times = int.MaxValue)
    {
        lock (_gate)
            _after = new(verbs, fault, times);
    }

    /// <summary>Calls stand still before the act until <see cref="Release"/>, or until their token gives up.</summary>
    public void Stall(StoreVerbs verbs)
    {
        lock (_gate)
        {
            _stalling = verbs;
            _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Lets calls that stand still go on.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _stalling = StoreVerbs.None;
            _released.TrySetResult();
        }
    }

    /// <summary>Listings fail after so many entries.</summary>
    public void BreakListAfter(int entries) => _listBreaksAfter = entries;

    /// <summary>Works again.</summary>
    public void Heal()
    {
        lock (_gate)
            (_before, _after, _listBreaksAfter, Lie) = (null, null, -1, null);
        Release();
    }

    /// <inheritdoc/>
    public async Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        Putting?.Invoke(key);
        await BeginAsync(StoreVerbs.Put, ct);
        await inner.PutAsync(key, content, ct);
        End(StoreVerbs.Put);
    }

    /// <inheritdoc/>
    public async Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct)
    {
        await BeginAsync(StoreVerbs.Stat, ct);
        return await inner.StatAsync(key, ct);
    }

    /// <inheritdoc/>
    public async Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        await BeginAsync(StoreVerbs.Read, ct);
        var read = await inner.ReadAsync(key, offset, destination, ct);
        if (read is not null)
            Lie?.Invoke(key, destination);
        End(StoreVerbs.Read);
        return read;
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        await BeginAsync(StoreVerbs.Delete, ct);
        var removed = await inner.DeleteAsync(key, ct);
        End(StoreVerbs.Delete);
        return removed;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await BeginAsync(StoreVerbs.List, ct);
        var left = _listBreaksAfter;
        await foreach (var entry in inner.ListAsync(prefix, ct))
        {
            if (left-- == 0)
                throw Fault(ChunkStoreFault.Unavailable, "list");
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public async Task CheckAsync(CancellationToken ct)
    {
        await BeginAsync(StoreVerbs.Check, ct);
        await inner.CheckAsync(ct);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task BeginAsync(StoreVerbs verb, CancellationToken ct)
    {
        Task? wait = null;
        ChunkStoreException? fault;
        lock (_gate)
        {
            _calls[verb] = _calls.GetValueOrDefault(verb) + 1;
            if (_stalling.HasFlag(verb))
                wait = _released.Task;
            fault = Take(_before, verb);
        }

        if (wait is not null)
        {
            Interlocked.Increment(ref _stalled);
            try
            {
                await wait.WaitAsync(ct);
            }
            finally
            {
                Interlocked.Decrement(ref _stalled);
            }
        }

        if (fault is not null)
            throw fault;
    }

    private void End(StoreVerbs verb)
    {
        lock (_gate)
        {
            if (Take(_after, verb) is { } fault)
                throw fault;
        }
    }

    private ChunkStoreException? Take(Plan? plan, StoreVerbs verb)
    {
        if (plan is null || !plan.Verbs.HasFlag(verb) || plan.Left <= 0)
            return null;
        plan.Left--;
        return Fault(plan.Fault, verb.ToString().ToLowerInvariant());
    }

    private ChunkStoreException Fault(ChunkStoreFault fault, string verb) =>
        fault is ChunkStoreFault.IdentityMissing or ChunkStoreFault.IdentityForeign
            ? new ChunkStoreOfflineException(Traits.Name, fault, $"Store {Traits.Name}: {verb} failed on command.")
            : new ChunkStoreException(Traits.Name, fault, $"Store {Traits.Name}: {verb} failed on command.");

    private sealed class Plan(StoreVerbs verbs, ChunkStoreFault fault, int times)
    {
        public StoreVerbs Verbs => verbs;

        public ChunkStoreFault Fault => fault;

        public int Left { get; set; } = times;
    }
}

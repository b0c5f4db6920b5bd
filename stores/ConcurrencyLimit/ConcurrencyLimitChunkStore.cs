namespace Granary.Stores;

/// <summary>
/// Bounds the operations that a store does at a time, reads apart from writes and deletes; tenants take turns. Looks
/// (stat, check) and listings pass: they are few, and a check that waits behind a stuck store would not find it stuck.
/// </summary>
internal sealed class ConcurrencyLimitChunkStore : IChunkStoreDecorator
{
    private readonly IChunkStore _inner;
    private readonly FairSlots _reads;
    private readonly FairSlots _writes;
    private readonly WorkUrgency _urgency;

    /// <summary>A store with slots of its own.</summary>
    public ConcurrencyLimitChunkStore(IChunkStore inner, int maxReads, int maxWrites)
        : this(inner, new FairSlots(maxReads), new FairSlots(maxWrites), WorkUrgency.Routine)
    {
    }

    private ConcurrencyLimitChunkStore(IChunkStore inner, FairSlots reads, FairSlots writes, WorkUrgency urgency)
    {
        _inner = inner;
        _reads = reads;
        _writes = writes;
        _urgency = urgency;
    }

    /// <inheritdoc/>
    public IChunkStore Inner => _inner;

    /// <inheritdoc/>
    public ChunkStoreTraits Traits => _inner.Traits;

    /// <summary>The same store and slots for work of another urgency.</summary>
    public ConcurrencyLimitChunkStore With(WorkUrgency urgency) => new(_inner, _reads, _writes, urgency);

    /// <inheritdoc/>
    public async Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        await _writes.EnterAsync(key.Tenant, _urgency, ct).ConfigureAwait(false);
        try
        {
            await _inner.PutAsync(key, content, ct).ConfigureAwait(false);
        }
        finally
        {
            _writes.Leave();
        }
    }

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct) => _inner.StatAsync(key, ct);

    /// <inheritdoc/>
    public async Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        await _reads.EnterAsync(key.Tenant, _urgency, ct).ConfigureAwait(false);
        try
        {
            return await _inner.ReadAsync(key, offset, destination, ct).ConfigureAwait(false);
        }
        finally
        {
            _reads.Leave();
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        await _writes.EnterAsync(key.Tenant, _urgency, ct).ConfigureAwait(false);
        try
        {
            return await _inner.DeleteAsync(key, ct).ConfigureAwait(false);
        }
        finally
        {
            _writes.Leave();
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ChunkListing> ListAsync(string prefix, CancellationToken ct) => _inner.ListAsync(prefix, ct);

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => _inner.CheckAsync(ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}

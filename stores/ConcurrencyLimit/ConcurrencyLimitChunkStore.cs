namespace Granary.Stores;

/// <summary>
/// Bounds the operations that a store does at a time, reads apart from writes and deletes; tenants take turns. Looks
/// (stat, check) and listings pass: they are few, and a check that waits behind a stuck store would not find it stuck.
/// </summary>
internal sealed class ConcurrencyLimitChunkStore(IChunkStore inner, int maxReads, int maxWrites) : IChunkStoreDecorator
{
    private readonly FairSlots _reads = new(maxReads);
    private readonly FairSlots _writes = new(maxWrites);

    /// <inheritdoc/>
    public IChunkStore Inner => inner;

    /// <inheritdoc/>
    public ChunkStoreTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public async Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        await _writes.EnterAsync(key.Tenant, ct).ConfigureAwait(false);
        try
        {
            await inner.PutAsync(key, content, ct).ConfigureAwait(false);
        }
        finally
        {
            _writes.Leave();
        }
    }

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct) => inner.StatAsync(key, ct);

    /// <inheritdoc/>
    public async Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        await _reads.EnterAsync(key.Tenant, ct).ConfigureAwait(false);
        try
        {
            return await inner.ReadAsync(key, offset, destination, ct).ConfigureAwait(false);
        }
        finally
        {
            _reads.Leave();
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        await _writes.EnterAsync(key.Tenant, ct).ConfigureAwait(false);
        try
        {
            return await inner.DeleteAsync(key, ct).ConfigureAwait(false);
        }
        finally
        {
            _writes.Leave();
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ChunkListing> ListAsync(string prefix, CancellationToken ct) => inner.ListAsync(prefix, ct);

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => inner.CheckAsync(ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Granary.Stores;

/// <summary>Measures every operation of a store: how many, how long, how many bytes, and how they ended.</summary>
internal sealed class MeteredChunkStore(IChunkStore inner) : IChunkStoreDecorator
{
    private static readonly Meter s_meter = new(StoreMetrics.MeterName);

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "granary.store.operation.duration", "s", "Duration of one attempt of a store operation; outcome says how it ended.",
        advice: new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    private static readonly Counter<long> s_bytes = s_meter.CreateCounter<long>("granary.store.bytes", "By", "Bytes that were written to and read from stores.");

    /// <inheritdoc/>
    public IChunkStore Inner => inner;

    /// <inheritdoc/>
    public ChunkStoreTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public async Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "put");
        await operation.RunAsync(inner.PutAsync(key, content, ct)).ConfigureAwait(false);
        operation.Done("ok", content.Length);
    }

    /// <inheritdoc/>
    public async Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "stat");
        var stat = await operation.RunAsync(inner.StatAsync(key, ct)).ConfigureAwait(false);
        operation.Done(stat is null ? "absent" : "ok", 0);
        return stat;
    }

    /// <inheritdoc/>
    public async Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "read");
        var read = await operation.RunAsync(inner.ReadAsync(key, offset, destination, ct)).ConfigureAwait(false);
        operation.Done(read is null ? "absent" : "ok", read ?? 0);
        return read;
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "delete");
        var removed = await operation.RunAsync(inner.DeleteAsync(key, ct)).ConfigureAwait(false);
        operation.Done(removed ? "ok" : "absent", 0);
        return removed;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "list");
        operation.Done("abandoned", 0);
        await using var entries = inner.ListAsync(prefix, ct).GetAsyncEnumerator(ct);
        while (await operation.RunAsync(entries.MoveNextAsync().AsTask()).ConfigureAwait(false))
            yield return entries.Current;
        operation.Done("ok", 0);
    }

    /// <inheritdoc/>
    public async Task CheckAsync(CancellationToken ct)
    {
        using var operation = new Operation(Traits.Name, "check");
        await operation.RunAsync(inner.CheckAsync(ct)).ConfigureAwait(false);
        operation.Done("ok", 0);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Operation(string store, string name) : IDisposable
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private string _outcome = "error";
        private long _bytes;

        public async Task RunAsync(Task task)
        {
            try
            {
                await task.ConfigureAwait(false);
            }
            catch (Exception e) when (Note(e))
            {
                throw;
            }
        }

        public async Task<T> RunAsync<T>(Task<T> task)
        {
            await RunAsync((Task)task).ConfigureAwait(false);
            return await task.ConfigureAwait(false);
        }

        public void Done(string outcome, long bytes) => (_outcome, _bytes) = (outcome, bytes);

        public void Dispose()
        {
            var tags = new TagList { { "store", store }, { "operation", name } };
            if (_bytes > 0)
                s_bytes.Add(_bytes, tags);
            tags.Add("outcome", _outcome);
            s_duration.Record(Stopwatch.GetElapsedTime(_began).TotalSeconds, tags);
        }

        /// <summary>Notes how it ended, and lets the exception pass.</summary>
        private bool Note(Exception e)
        {
            _outcome = e switch
            {
                ChunkStoreException fault => fault.CodeText,
                OperationCanceledException => "cancelled",
                _ => "error",
            };
            return false;
        }
    }
}

using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Granary.Stores;

/// <summary>
/// Repeats operations that failed for a transient reason, a bounded number of times and with growing, jittered waits. Every
/// verb may be repeated: a put of the same key is success, so is a delete of an absent one. Before every attempt it looks
/// whether this silo is still a member: one that was frozen and woken must not repeat an old request.
/// </summary>
internal sealed partial class RetryChunkStore : IChunkStoreDecorator
{
    private readonly ResiliencePipeline _pipeline;
    private readonly Func<bool> _isMember;
    private readonly ILogger _log;

    /// <summary>Wraps a store.</summary>
    /// <param name="inner">The store.</param>
    /// <param name="options">How often and how fast.</param>
    /// <param name="time">The clock of the waits.</param>
    /// <param name="jitter">A number from 0 to below 1 at each call.</param>
    /// <param name="isMember">Whether this silo may still act.</param>
    /// <param name="log">Where repeats are told.</param>
    public RetryChunkStore(IChunkStore inner, StoreRetryOptions options, TimeProvider time, Func<double> jitter, Func<bool> isMember, ILogger log)
    {
        Inner = inner;
        _isMember = isMember;
        _log = log;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.MaxRepeats > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ChunkStoreException>(e => e.IsTransient),
                MaxRetryAttempts = options.MaxRepeats,
                DelayGenerator = arguments => new(Delay(options, arguments.AttemptNumber, jitter())),
                OnRetry = arguments =>
                {
                    LogRepeat(inner.Traits.Name, arguments.AttemptNumber + 1, options.MaxRepeats, arguments.RetryDelay.TotalMilliseconds, arguments.Outcome.Exception!.Message);
                    return default;
                },
            });
        }

        _pipeline = builder.Build();
    }

    /// <inheritdoc/>
    public IChunkStore Inner { get; }

    /// <inheritdoc/>
    public ChunkStoreTraits Traits => Inner.Traits;

    /// <inheritdoc/>
    public Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct) => RunAsync(async t =>
    {
        await Inner.PutAsync(key, content, t).ConfigureAwait(false);
        return true;
    }, ct);

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct) => RunAsync(t => Inner.StatAsync(key, t), ct);

    /// <inheritdoc/>
    public Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct) =>
        RunAsync(t => Inner.ReadAsync(key, offset, destination, t), ct);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(LocationKey key, CancellationToken ct) => RunAsync(t => Inner.DeleteAsync(key, t), ct);

    /// <summary>Repeats until the first entry came; a listing that fails later cannot be continued by us, and throws.</summary>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var (entries, any) = await RunAsync(async t =>
        {
            var attempt = Inner.ListAsync(prefix, ct).GetAsyncEnumerator(t);
            try
            {
                return (attempt, await attempt.MoveNextAsync().ConfigureAwait(false));
            }
            catch
            {
                await attempt.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }, ct).ConfigureAwait(false);
        await using (entries.ConfigureAwait(false))
        {
            for (; any; any = await entries.MoveNextAsync().ConfigureAwait(false))
                yield return entries.Current;
        }
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => RunAsync(async t =>
    {
        await Inner.CheckAsync(t).ConfigureAwait(false);
        return true;
    }, ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    internal static TimeSpan Delay(StoreRetryOptions options, int repeat, double jitter)
    {
        var longest = Math.Min(options.FirstDelay.TotalMilliseconds * Math.Pow(2, repeat), options.MaxDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(longest * (0.5 + (jitter / 2)));
    }

    private Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken ct) =>
        _pipeline.ExecuteAsync(
            static async (state, token) =>
            {
                if (!state.Store._isMember())
                    throw new SiloNotMemberException(state.Store.Traits.Name);
                return await state.Attempt(token).ConfigureAwait(false);
            },
            (Store: this, Attempt: attempt),
            ct).AsTask();

    [LoggerMessage(2100, LogLevel.Warning, "Store {Store}: repeat {Repeat} of {Most} in {DelayMs:0} ms, because: {Reason}")]
    private partial void LogRepeat(string store, int repeat, int most, double delayMs, string reason);
}

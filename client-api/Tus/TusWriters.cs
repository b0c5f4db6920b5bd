using System.Collections.Concurrent;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Tus;

/// <summary>
/// Which request appends to an upload in this process. The newest wins: a client whose connection broke comes back long
/// before the server notices that the old one is dead, so that whoever holds the upload is told to end, and its bytes are
/// kept (G12). Between silos the number of the writer in the rows decides.
/// </summary>
internal sealed class TusWriters(TimeProvider time)
{
    /// <summary>How long a holder gets to store what it has: a chunk's write, also to a slow store.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<UploadId, TusWriter> _writers = new();
    private long _tickets;

    /// <summary>Becomes the one that works on an upload.</summary>
    /// <returns>The right, for the caller to dispose; null when a newer request came meanwhile, or the holder does not end.</returns>
    public async Task<TusWriter?> TakeAsync(UploadId upload)
    {
        var mine = new TusWriter(this, upload, Interlocked.Increment(ref _tickets));
        var limit = time.GetTimestamp();
        while (true)
        {
            var holder = _writers.GetOrAdd(upload, mine);
            if (holder == mine)
                return mine;
            if (holder.Ticket > mine.Ticket || time.GetElapsedTime(limit) > s_patience)
                return null;
            holder.Stop();
            try
            {
                await holder.Ended.WaitAsync(s_patience);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>
    /// The request that appends now, if it is alive: one that gets no byte for a moment is told to end, and waited for.
    /// </summary>
    /// <returns>A live writer; null when nobody appends.</returns>
    public async Task<TusWriter?> FindLiveAsync(UploadId upload, TimeSpan moment)
    {
        if (!_writers.TryGetValue(upload, out var holder))
            return null;
        var before = holder.Progress;
        for (var waited = TimeSpan.Zero; waited < moment; waited += moment / 10)
        {
            try
            {
                await holder.Ended.WaitAsync(moment / 10);
                return null;
            }
            catch (TimeoutException)
            {
                if (holder.Progress != before)
                    return holder;
            }
        }

        holder.Stop();
        try
        {
            await holder.Ended.WaitAsync(s_patience);
            return null;
        }
        catch (TimeoutException)
        {
            return holder;
        }
    }

    internal void Release(TusWriter writer) => _writers.TryRemove(new KeyValuePair<UploadId, TusWriter>(writer.Upload, writer));
}

/// <summary>The right to work on an upload; disposing gives it to the next.</summary>
internal sealed class TusWriter(TusWriters writers, UploadId upload, long ticket) : IDisposable
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private BodyReceiver? _receiver;
    private bool _stopped;

    public UploadId Upload { get; } = upload;

    public long Ticket { get; } = ticket;

    /// <summary>Done when the right was given back.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Bytes that came so far.</summary>
    public long Progress => _receiver?.Received ?? 0;

    /// <summary>Bytes of the upload that are stored.</summary>
    public long Durable { get; set; }

    /// <summary>Where the bytes come from: reading ends when a newer request comes.</summary>
    public void Reads(BodyReceiver receiver)
    {
        lock (_lock)
        {
            _receiver = receiver;
            if (_stopped)
                receiver.Interrupt();
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            _receiver?.Interrupt();
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _receiver = null;
        writers.Release(this);
        _ended.TrySetResult();
    }
}

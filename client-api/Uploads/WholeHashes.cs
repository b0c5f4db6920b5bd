using System.Collections.Concurrent;
using System.Security.Cryptography;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Uploads;

/// <summary>
/// SHA-256 of whole sessions that announced one. Parts that come in order are hashed as they come, so that nothing is left to
/// do at the end; where one was late, those behind it are read back from the stores while further ones come, and the others
/// when the session is completed. What is here may be lost: then all is read back.
/// </summary>
internal sealed partial class WholeHashes(
    SessionCatalog sessions, NamespaceCatalog names, ChunkReader reader, ChunkBufferPool buffers, TimeProvider time, ILogger<WholeHashes> logger) : IDisposable
{
    /// <summary>Sessions whose hash is kept, some hundred bytes each; the one that was used longest ago goes first.</summary>
    private const int MostRunning = 1_000;

    /// <summary>Chunks of one read of the manifest.</summary>
    private const int PageSize = 64;

    /// <summary>Parts that are sent in parallel end nearly together: the later one waits a moment, so that it is not read back.</summary>
    private const int NearParts = 8;

    /// <summary>
    /// Bytes that may be left to be read back while further ones come: whoever sends faster waits for it part by part, and not
    /// for all of it at the end.
    /// </summary>
    private const int FarBehind = 16 << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<UploadId, RunningHash> _running = new();

    /// <summary>Lets the hash have a part that was accepted, when all before it were had.</summary>
    public async Task AppendAsync(SessionInfo session, UploadTarget target, int index, ChunkBuffer chunk)
    {
        var running = Get(session.Upload);
        running.LastUsed = time.GetTimestamp();
        running.CountPart();
        if (index < running.Next)
            return;
        if (index <= running.Next + NearParts && await running.WaitForAsync(index, s_patience))
            await AppendAsync(running, index, chunk);
        else if (running.TryBeginCatchingUp(index))
            _ = Task.Run(() => CatchUpAsync(running, session, target));
        else if (running.IsCatchingUp)
            await running.WaitForAsync(index - Math.Max(NearParts, FarBehind / chunk.Length), s_patience);
    }

    /// <summary>
    /// The hash of the whole: reads back what it has not had. Only one request works on a session at a time; others wait and
    /// find it done. A client that goes away loses nothing that was done.
    /// </summary>
    /// <returns>The hash; null when a part cannot be read back now.</returns>
    public async Task<ChunkHash?> FinishAsync(SessionInfo session, UploadTarget target, CancellationToken cancellationToken)
    {
        var running = Get(session.Upload);
        await running.Gate.WaitAsync(cancellationToken);
        try
        {
            return running.Whole ??= await ReadBackAsync(running, session, target, cancellationToken) ? running.Finish() : null;
        }
        finally
        {
            running.Gate.Release();
        }
    }

    /// <summary>The session has ended.</summary>
    public void Forget(UploadId upload)
    {
        if (_running.TryRemove(upload, out var running))
            running.Dispose();
    }

    public void Dispose()
    {
        foreach (var upload in _running.Keys)
            Forget(upload);
    }

    private static async Task<bool> AppendAsync(RunningHash running, int index, ChunkBuffer chunk)
    {
        await running.Gate.WaitAsync();
        try
        {
            if (running.Next != index || running.Disposed)
                return false;
            running.Append(chunk);
            return true;
        }
        finally
        {
            running.Gate.Release();
        }
    }

    /// <summary>Reads back what is stored and was not had, up to the first part that is not there.</summary>
    private async Task CatchUpAsync(RunningHash running, SessionInfo session, UploadTarget target)
    {
        try
        {
            var source = new ReadSource(target.Tenant, target.TenantText, target.Stores);
            using var account = buffers.Open(target.TenantText, BufferUse.Internal);
            while (await names.ReadChunksAsync(target.Tenant, session.Upload, running.Next, PageSize, CancellationToken.None) is { Count: > 0 } page)
            {
                foreach (var chunk in page)
                {
                    if (chunk.Index < running.Next)
                        continue;
                    using var read = chunk.Index == running.Next ? await reader.ReadAsync(source, chunk, account, CancellationToken.None) : null;
                    if (read is null || (!await AppendAsync(running, chunk.Index, read) && running.Next <= chunk.Index))
                        return;
                }
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The completion reads it back.
            LogNotCaughtUp(session.Upload, error);
        }
        finally
        {
            running.EndCatchingUp();
        }
    }

    private async Task<bool> ReadBackAsync(RunningHash running, SessionInfo session, UploadTarget target, CancellationToken cancellationToken)
    {
        var source = new ReadSource(target.Tenant, target.TenantText, target.Stores);
        using var account = buffers.Open(target.TenantText, BufferUse.Internal);
        var count = (await sessions.FindAsync(session.Tenant, session.Upload, cancellationToken))?.ChunkCount ?? int.MaxValue;
        while (running.Next < count)
        {
            var page = await names.ReadChunksAsync(target.Tenant, session.Upload, running.Next, PageSize, cancellationToken);
            foreach (var chunk in page)
            {
                if (chunk.Index != running.Next)
                    return false;
                using var read = await reader.ReadAsync(source, chunk, account, cancellationToken);
                if (read is null)
                    return false;
                running.Append(read);
            }

            if (page.Count == 0)
                return false;
        }

        return true;
    }

    private RunningHash Get(UploadId upload)
    {
        if (_running.TryGetValue(upload, out var found))
            return found;
        if (_running.Count >= MostRunning)
            Forget(_running.MinBy(static pair => pair.Value.LastUsed).Key);
        return _running.GetOrAdd(upload, static _ => new RunningHash());
    }

    [LoggerMessage(5047, LogLevel.Information, "The hash of upload {Upload} could not catch up now")]
    private partial void LogNotCaughtUp(UploadId upload, Exception error);

    private sealed class RunningHash : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly Lock _lock = new();
        private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _next;
        private int _parts;
        private int _stuckAt = -1;
        private bool _catchingUp;

        /// <summary>Held by whoever appends.</summary>
        public SemaphoreSlim Gate { get; } = new(1);

        /// <summary>The part that comes next.</summary>
        public int Next => Volatile.Read(ref _next);

        public ChunkHash? Whole { get; set; }

        public long LastUsed { get; set; }

        public bool Disposed { get; private set; }

        /// <summary>Whether what is behind is being read back.</summary>
        public bool IsCatchingUp
        {
            get
            {
                lock (_lock)
                    return _catchingUp;
            }
        }

        /// <summary>A part came through this process.</summary>
        public void CountPart() => Interlocked.Increment(ref _parts);

        /// <summary>
        /// Whether what is behind a part is to be read back now: one at a time, not again before the part that was not there
        /// has come, and only where most parts come through this process; others would each read the whole.
        /// </summary>
        public bool TryBeginCatchingUp(int index)
        {
            lock (_lock)
            {
                if (_catchingUp || _stuckAt == _next || Volatile.Read(ref _parts) < (index + 1) / 4 * 3)
                    return false;
                return _catchingUp = true;
            }
        }

        /// <summary>No more is there to be read back.</summary>
        public void EndCatchingUp()
        {
            lock (_lock)
            {
                _catchingUp = false;
                _stuckAt = _next;
            }
        }

        /// <summary>Waits until a part's turn has come.</summary>
        /// <returns>False when it has passed, or does not come soon.</returns>
        public async Task<bool> WaitForAsync(int index, TimeSpan patience)
        {
            using var limit = new CancellationTokenSource(patience);
            while (true)
            {
                Task moved;
                lock (_lock)
                {
                    if (_next >= index)
                        return _next == index;
                    moved = _moved.Task;
                }

                try
                {
                    await moved.WaitAsync(limit.Token);
                }
                catch (OperationCanceledException)
                {
                    return false;
                }
            }
        }

        public void Append(ChunkBuffer chunk)
        {
            foreach (var piece in chunk.Pieces)
                _hash.AppendData(piece.Span);
            lock (_lock)
            {
                _next++;
                var moved = _moved;
                _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved.SetResult();
            }
        }

        public ChunkHash Finish() => ChunkHash.From(_hash.GetHashAndReset());

        public void Dispose()
        {
            // Whoever is at work on it finishes; then nobody finds it any more.
            Disposed = true;
            if (Gate.Wait(0))
            {
                _hash.Dispose();
                Gate.Release();
            }
        }
    }
}

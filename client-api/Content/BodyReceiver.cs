using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Granary.ClientApi.Http;
using Granary.Stores;

namespace Granary.ClientApi.Content;

/// <summary>
/// Cuts a request body into chunks. Memory is taken piece by piece as bytes arrive; while there is none, nothing is read from
/// the connection, and the sender waits. Ends with a problem when the body is longer than allowed, when the sender stands
/// still too long, and when its memory was needed by others.
/// </summary>
internal sealed class BodyReceiver(PipeReader body, BufferAccount account, BodyLimits limits, IdleWatch watch, CancellationToken aborted)
    : IDisposable
{
    private CancellationTokenRegistration _onReclaim;
    private long _waitingSince;
    private bool _watched;
    private volatile bool _idle;
    private volatile bool _interrupted;

    /// <summary>Bytes so far.</summary>
    public long Received { get; private set; }

    /// <summary>True once the end of the body was seen.</summary>
    public bool Ended { get; private set; }

    /// <summary>Since when it waits for the sender, as a timestamp of <see cref="IdleWatch"/>; 0 while it does not.</summary>
    public long WaitingSince => Volatile.Read(ref _waitingSince);

    /// <summary>Waits for the next byte.</summary>
    /// <returns>False at the end of the body.</returns>
    public async ValueTask<bool> HasMoreAsync()
    {
        if (Ended)
            return false;
        var read = await ReadAsync();
        var more = !read.Buffer.IsEmpty;
        body.AdvanceTo(read.Buffer.Start, more ? read.Buffer.Start : read.Buffer.End);
        Ended = !more;
        return more;
    }

    /// <summary>
    /// Fills a chunk with the next bytes, until it has <paramref name="chunkBytes"/> or the body ends. Call when
    /// <see cref="HasMoreAsync"/> said that there are some.
    /// </summary>
    public async ValueTask<ChunkBuffer> NextAsync(int chunkBytes)
    {
        var remaining = limits.Length is { } length ? length - Received : long.MaxValue;
        var chunk = account.Begin((int)Math.Min(chunkBytes, Math.Max(remaining, 1)));
        try
        {
            await FillAsync(chunk);
            chunk.EndFilling();
            return chunk;
        }
        catch
        {
            chunk.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Fills a chunk that may hold bytes already, until it is full or the body ends. When the body breaks off the chunk keeps
    /// what came.
    /// </summary>
    /// <returns>Why the body broke off; null when it did not.</returns>
    public async ValueTask<ExceptionDispatchInfo?> FillPartAsync(ChunkBuffer chunk)
    {
        ExceptionDispatchInfo? fault = null;
        try
        {
            await FillAsync(chunk);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            fault = ExceptionDispatchInfo.Capture(error);
        }

        chunk.EndFilling();
        return fault;
    }

    /// <summary>Ends reading, because somebody else goes on with what the body is for.</summary>
    public void Interrupt()
    {
        _interrupted = true;
        body.CancelPendingRead();
    }

    /// <summary>Wakes a read that stands still; the receiver then ends with a problem.</summary>
    public void GiveUpAsIdle()
    {
        _idle = true;
        body.CancelPendingRead();
    }

    public void Dispose()
    {
        _onReclaim.Dispose();
        if (_watched)
            watch.Remove(this);
    }

    private async ValueTask FillAsync(ChunkBuffer chunk)
    {
        while (chunk.Length < chunk.MaxLength)
        {
            var read = await ReadAsync();
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, chunk.MaxLength - chunk.Length));
            Received += taken.Length;
            if (Received > limits.MaxBytes)
            {
                body.AdvanceTo(taken.Start);
                throw new ProblemException(TooLarge(limits.MaxBytes));
            }

            try
            {
                await CopyAsync(taken, chunk);
            }
            finally
            {
                body.AdvanceTo(taken.End);
            }

            if (read.IsCompleted && taken.Length == read.Buffer.Length)
            {
                Ended = true;
                return;
            }
        }
    }

    private async ValueTask CopyAsync(ReadOnlySequence<byte> source, ChunkBuffer chunk)
    {
        foreach (var segment in source)
        {
            var rest = segment;
            while (rest.Length > 0)
            {
                var room = await chunk.GetMemoryAsync(aborted);
                var count = Math.Min(room.Length, rest.Length);
                rest.Span[..count].CopyTo(room.Span);
                chunk.Advance(count);
                rest = rest[count..];
            }
        }
    }

    private ValueTask<ReadResult> ReadAsync()
    {
        var reading = body.ReadAsync(CancellationToken.None); // ends by itself when the connection does
        if (reading.IsCompletedSuccessfully)
        {
            var read = reading.Result;
            return read.IsCanceled ? ValueTask.FromException<ReadResult>(GivenUp(read)) : new(read);
        }

        return WaitAsync(reading);
    }

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> reading)
    {
        if (!_watched)
        {
            // Only bodies that do not arrive with their headers are worth watching.
            _watched = true;
            _onReclaim = account.Reclaimed.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), body);
            watch.Add(this);
        }

        Volatile.Write(ref _waitingSince, watch.Now);
        var read = await reading;
        Volatile.Write(ref _waitingSince, 0);
        return read.IsCanceled ? throw GivenUp(read) : read;
    }

    private Exception GivenUp(ReadResult read)
    {
        // The server drains what is left of the body by itself, for which this reading must have ended.
        body.AdvanceTo(read.Buffer.Start);
        if (_interrupted)
            return new ProblemException(new Problem(ProblemKinds.Conflict, "Another request goes on with this upload."));
        return _idle
            ? new ProblemException(new Problem(ProblemKinds.RequestTimeout, $"No byte of the body came for {IdleWatch.Limit.TotalSeconds:0} seconds."))
            : new ChunkBufferReclaimedException();
    }

    /// <summary>413 for a body over the tenant's limit.</summary>
    public static Problem TooLarge(long? limit) =>
        new Problem(ProblemKinds.FileTooLarge, $"A file of this tenant has at most {limit} bytes.").With("limit", limit);
}

/// <summary>What is known of a body in advance.</summary>
/// <param name="Length">Bytes that were announced; null when it comes in parts of unknown number.</param>
/// <param name="MaxBytes">Most bytes of a file; null for no limit.</param>
internal readonly record struct BodyLimits(long? Length, long? MaxBytes);

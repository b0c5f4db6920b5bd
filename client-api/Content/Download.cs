using System.IO.Pipelines;
using Granary.ClientApi.Metrics;
using Granary.Stores;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Content;

/// <summary>One stretch of an answer: some literal bytes (a multipart head), then a stretch of the file.</summary>
/// <param name="Head">Bytes to send first; empty for none.</param>
/// <param name="Range">The stretch; length 0 for none.</param>
internal readonly record struct DownloadPart(ReadOnlyMemory<byte> Head, ByteRange Range);

/// <summary>
/// Sends stretches of one version. Every chunk is read whole and its hash checked before its first byte goes out; while one
/// is sent the next is read. What cannot be finished is broken off, never shortened silently (design, Reading).
/// </summary>
internal sealed class Download(ManifestReader manifest, ReadSource source, ChunkReader reader, CheckedChunks ranges, BufferAccount account, ApiMetrics metrics)
    : IDisposable
{
    private IEnumerator<Slice>? _slices;
    private Slice? _next;
    private Task<ChunkLease?>? _ahead;

    /// <summary>
    /// Plans the stretches and reads the first chunk, so that a file of which nothing can be read is told before the
    /// answer begins.
    /// </summary>
    /// <returns>False when the first chunk cannot be read.</returns>
    public async Task<bool> PrepareAsync(IReadOnlyList<DownloadPart> parts, CancellationToken cancellationToken)
    {
        _slices = Plan(parts).GetEnumerator();
        MoveNext();
        if (_next is not { Length: > 0 } slice)
            return true;
        var first = await LoadAsync(slice, cancellationToken);
        _ahead = Task.FromResult(first);
        return first is not null;
    }

    /// <summary>
    /// Sends everything. Steps for each slice: (1) take the chunk that was read ahead; (2) begin to read the next; (3) send.
    /// </summary>
    /// <returns>False when the answer could not be finished; the connection is then broken off.</returns>
    public async Task<bool> SendAsync(PipeWriter body, HttpContext context)
    {
        using var onReclaim = account.Reclaimed.UnsafeRegister(static state => ((HttpContext)state!).Abort(), context);
        while (_next is { } slice)
        {
            MoveNext();
            if (slice.Head.Length > 0 && (await body.WriteAsync(slice.Head, CancellationToken.None)).IsCompleted)
                return false;
            if (slice.Length == 0)
                continue;
            using var lease = await (_ahead ?? LoadAsync(slice, context.RequestAborted));
            _ahead = null;
            if (lease is null)
                return false;
            if (_next is { Length: > 0 } next)
                _ahead = Task.Run(() => LoadAsync(next, context.RequestAborted));
            if (!await SendAsync(body, lease, slice, context))
                return false;
        }

        return true;
    }

    public void Dispose()
    {
        _slices?.Dispose();

        // The chunk that was read ahead of a client that went away.
        if (_ahead is { } ahead)
            _ = ReleaseAsync(ahead, account);
        else
            account.Dispose();
    }

    private static async Task ReleaseAsync(Task<ChunkLease?> ahead, BufferAccount account)
    {
        try
        {
            (await ahead)?.Dispose();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Nobody waits for it any more; the reader has logged what was wrong with the store.
        }
        finally
        {
            account.Dispose();
        }
    }

    private void MoveNext() => _next = _slices!.MoveNext() ? _slices.Current : null;

    private IEnumerable<Slice> Plan(IReadOnlyList<DownloadPart> parts)
    {
        foreach (var part in parts)
        {
            var head = part.Head;
            for (var at = part.Range.From; at < part.Range.End;)
            {
                var index = manifest.IndexOf(at);
                var end = Math.Min(part.Range.End, manifest.OffsetOf(index + 1));
                yield return new Slice(head, index, (int)(at - manifest.OffsetOf(index)), (int)(end - at));
                head = default;
                at = end;
            }

            if (head.Length > 0)
                yield return new Slice(head, 0, 0, 0);
        }
    }

    private async Task<ChunkLease?> LoadAsync(Slice slice, CancellationToken cancellationToken)
    {
        var chunk = await manifest.GetAsync(slice.Index, cancellationToken);
        var isPart = slice.Length < chunk.Size;
        if (isPart || source.Stores.IsFar(chunk.Copies))
            return await ranges.GetAsync(source, chunk, keep: isPart);
        var buffer = await reader.ReadAsync(source, chunk, account, cancellationToken);
        return buffer is null ? null : new ChunkLease(buffer, account);
    }

    private async Task<bool> SendAsync(PipeWriter body, ChunkLease lease, Slice slice, HttpContext context)
    {
        var skip = slice.Offset;
        var left = slice.Length;
        foreach (var piece in lease.Chunk.Pieces)
        {
            if (skip >= piece.Length)
            {
                skip -= piece.Length;
                continue;
            }

            var bytes = piece.Slice(skip, Math.Min(piece.Length - skip, left));
            skip = 0;
            left -= bytes.Length;
            var flushed = await body.WriteAsync(bytes, CancellationToken.None);
            if (flushed.IsCompleted || flushed.IsCanceled || context.RequestAborted.IsCancellationRequested)
                return false;
            lease.Progress();
            metrics.Sent(bytes.Length);
            if (left == 0)
                return true;
        }

        return left == 0;
    }

    /// <summary>A stretch within one chunk.</summary>
    private readonly record struct Slice(ReadOnlyMemory<byte> Head, int Index, int Offset, int Length);
}

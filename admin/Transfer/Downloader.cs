using System.Buffers;
using System.Net;
using Granary.Admin.Api;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer;

/// <summary>
/// Fetches versions of files and verifies every byte:
/// 1. the chunk list: the manifest, or for one chunk the ETag, which is its hash;
/// 2. the body of exactly that version, cut and compared chunk by chunk;
/// 3. when the connection is lost, on from the last verified chunk;
/// 4. when a chunk is wrong, that chunk again, at most <see cref="WrongChunkLimit"/> times.
/// </summary>
internal sealed class Downloader(GranaryClient client, TransferTotals totals, TimeProvider time)
{
    private const int PieceSize = 256 * 1024;
    private const int WrongChunkLimit = 3;
    private const int LossLimit = 6;

    /// <summary>Fetches one version into the sink.</summary>
    /// <exception cref="CorruptContentException">What arrives is not what the manifest says.</exception>
    public async Task FetchAsync(string scope, FileItem item, IChunkSink sink, CancellationToken cancellationToken)
    {
        var place = new RemotePath(scope, item.Path);
        using var verifier = new ChunkVerifier(await ChunksAsync(scope, item, cancellationToken), item.Size);
        var (losses, wrong) = (0, 0);
        while (!verifier.Complete)
        {
            var before = verifier.Verified;
            try
            {
                await FetchFromAsync(scope, item, verifier, sink, cancellationToken);
            }
            catch (CorruptContentException error)
            {
                Restart(verifier, sink);
                if (++wrong >= WrongChunkLimit)
                    throw new CorruptContentException($"{place}, version {item.Version}: {error.Message}. Look at its copies with 'granary explain {place}'.");
            }
            catch (Exception error) when (error is IOException or HttpRequestException or TimeoutException)
            {
                Restart(verifier, sink);
                losses = verifier.Verified > before ? 1 : losses + 1;
                if (losses >= LossLimit)
                    throw new UnreachableException(client.Server.Url, error.Message, error);
                await Task.Delay(TimeSpan.FromMilliseconds(250 << losses), time, cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<ManifestChunk>> ChunksAsync(string scope, FileItem item, CancellationToken cancellationToken)
    {
        if (item.Size == 0)
            return [];
        if (ContentTag.ChunksIn(item.Etag) == 1)
            return [new ManifestChunk(item.Etag, item.Size)];
        var manifest = await client.ManifestAsync(scope, item.Path, item.Version, cancellationToken);
        if (manifest.Version != item.Version || manifest.Etag != item.Etag)
            throw new UnexpectedAnswerException($"the manifest of {new RemotePath(scope, item.Path)} is of version {manifest.Version}, not {item.Version}.");
        return manifest.Chunks;
    }

    private async Task FetchFromAsync(string scope, FileItem item, ChunkVerifier verifier, IChunkSink sink, CancellationToken cancellationToken)
    {
        using var response = await client.OpenAsync(RequestTarget.File(scope, item.Path, $"version={item.Version}"), verifier.Verified, cancellationToken);
        if (verifier.Verified > 0 && response.StatusCode != HttpStatusCode.PartialContent)
            throw new UnexpectedAnswerException($"the server answers {(int)response.StatusCode} to a request for a range of {new RemotePath(scope, item.Path)}.");
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var watchdog = new Watchdog(GranaryClient.IdleLimit, time, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (!verifier.Complete)
            {
                var count = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(PieceSize, verifier.Wanted)), watchdog.Token);
                if (count == 0)
                    throw new IOException("the connection ended before the file did");
                watchdog.Touch();
                await sink.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                var before = verifier.Verified;
                if (!verifier.Append(buffer.AsSpan(0, count)))
                    continue;
                await sink.CommitAsync(cancellationToken);
                totals.Moved(verifier.Verified - before);
            }
        }
        catch (OperationCanceledException) when (watchdog.Expired && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing arrived for {GranaryClient.IdleLimit.TotalSeconds:0} s");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Restart(ChunkVerifier verifier, IChunkSink sink)
    {
        verifier.Rollback();
        sink.Rollback();
    }
}

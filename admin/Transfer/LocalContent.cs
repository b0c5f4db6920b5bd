using System.Buffers;
using System.Security.Cryptography;
using Granary.Admin.Api;

namespace Granary.Admin.Transfer;

/// <summary>Compares a file of this machine with a version in Granary: size first, then content.</summary>
internal sealed class LocalContent(GranaryClient client)
{
    private const int PieceSize = 256 * 1024;

    /// <summary>Whether the file holds the same bytes as the version; false when it cannot be read.</summary>
    public async Task<bool> EqualsAsync(string file, string scope, FileItem item, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
            if (content.Length != item.Size)
                return false;
            if (ContentTag.ChunksIn(item.Etag) is 1)
                return item.Etag == await TagAsync(content, long.MaxValue, cancellationToken);
            if (ContentTag.ChunksIn(item.Etag) == ContentTag.ChunkCount(item.Size))
                return item.Etag == await TagAsync(content, ContentTag.DefaultChunkSize, cancellationToken);
            // Uploaded in chunks of another size: only the manifest says where they begin.
            var manifest = await client.ManifestAsync(scope, item.Path, item.Version, cancellationToken);
            return await MatchesAsync(content, manifest, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<string> TagAsync(Stream content, long chunkSize, CancellationToken cancellationToken)
    {
        using var tag = new ContentTag(chunkSize);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (await content.ReadAsync(buffer.AsMemory(0, PieceSize), cancellationToken) is var count and > 0)
                tag.Append(buffer.AsSpan(0, count));
            return tag.Finish();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<bool> MatchesAsync(Stream content, Manifest manifest, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            foreach (var chunk in manifest.Chunks)
            {
                for (var left = chunk.Size; left > 0;)
                {
                    var count = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(PieceSize, left)), cancellationToken);
                    if (count == 0)
                        return false;
                    hash.AppendData(buffer.AsSpan(0, count));
                    left -= count;
                }

                if (Convert.ToHexStringLower(hash.GetHashAndReset()) != chunk.Sha256)
                    return false;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

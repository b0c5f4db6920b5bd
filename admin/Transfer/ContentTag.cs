using System.Security.Cryptography;

namespace Granary.Admin.Transfer;

/// <summary>
/// The ETag of content, computed here as the server does it: hex SHA-256 for at most one chunk, else
/// `SHA-256 over the binary hashes of the chunks`-`number of chunks` (http-api, Files).
/// </summary>
internal sealed class ContentTag : IDisposable
{
    /// <summary>The chunk size of a plain PUT: 4 MiB.</summary>
    public const long DefaultChunkSize = 4L << 20;

    private readonly long chunkSize;
    private readonly IncrementalHash chunk = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] hash = new byte[SHA256.HashSizeInBytes];
    private long inChunk;
    private long chunks;

    /// <summary>Starts with nothing.</summary>
    public ContentTag(long chunkSize = DefaultChunkSize) => this.chunkSize = chunkSize;

    /// <summary>How many chunks a file of so many bytes has.</summary>
    public static long ChunkCount(long bytes, long chunkSize = DefaultChunkSize) => (bytes + chunkSize - 1) / chunkSize;

    /// <summary>The number of chunks that an ETag speaks of; 1 where it is a plain SHA-256.</summary>
    public static long ChunksIn(string etag) =>
        etag.IndexOf('-') is var dash and >= 0 && long.TryParse(etag.AsSpan(dash + 1), out var count) ? count : 1;

    /// <summary>Takes in the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            // A full chunk is closed only when more follows: so that a single one keeps its own hash as the ETag.
            if (inChunk == chunkSize)
                CloseChunk();
            var piece = bytes[..(int)Math.Min(bytes.Length, chunkSize - inChunk)];
            chunk.AppendData(piece);
            inChunk += piece.Length;
            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>The ETag of everything so far; call once.</summary>
    public string Finish()
    {
        if (chunks == 0)
            return Convert.ToHexStringLower(chunk.GetHashAndReset());
        CloseChunk();
        return $"{Convert.ToHexStringLower(whole.GetHashAndReset())}-{chunks}";
    }

    /// <inheritdoc />
    public void Dispose()
    {
        chunk.Dispose();
        whole.Dispose();
    }

    private void CloseChunk()
    {
        chunk.GetHashAndReset(hash);
        whole.AppendData(hash);
        inChunk = 0;
        chunks++;
    }
}

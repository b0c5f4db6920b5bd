using System.Security.Cryptography;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The identity of content (http-api, ETag): hex SHA-256 for a file of one chunk or none, else the hex SHA-256 over the
/// binary chunk hashes in order, a dash and the number of chunks.
/// </summary>
public static class ContentTag
{
    /// <summary>SHA-256 of nothing.</summary>
    public static ChunkHash Empty { get; } = ChunkHash.From(SHA256.HashData([]));

    /// <summary>The tag of a file of one chunk.</summary>
    public static string Of(ChunkHash only) => only.ToString();

    /// <summary>The tag of a list of chunks.</summary>
    public static string Of(IReadOnlyList<ChunkHash> chunks)
    {
        if (chunks.Count <= 1)
            return Of(chunks.Count == 0 ? Empty : chunks[0]);
        using var hasher = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[ChunkHash.Size];
        foreach (var chunk in chunks)
        {
            chunk.CopyTo(bytes);
            hasher.AppendData(bytes);
        }

        hasher.GetHashAndReset(bytes);
        return $"{Convert.ToHexStringLower(bytes)}-{chunks.Count}";
    }
}

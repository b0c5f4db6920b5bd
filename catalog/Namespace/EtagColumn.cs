using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Entity tags take 32 bytes instead of their text where they have one of the two forms of http-api: the hex hash for one
/// chunk, <c>hash-count</c> otherwise. Any other text is kept as it is.
/// </summary>
internal static class EtagColumn
{
    public static (byte[]? Hash, string? Text) Encode(string etag, int chunkCount)
    {
        var dash = etag.IndexOf('-', StringComparison.Ordinal);
        var hex = chunkCount == 1 ? etag : dash > 0 ? etag[..dash] : "";
        return ChunkHash.TryParse(hex, out var hash) && Decode(hash.ToByteArray(), null, chunkCount) == etag
            ? (hash.ToByteArray(), null)
            : (null, etag);
    }

    public static string Decode(ReadOnlySpan<byte> hash, string? text, int chunkCount)
    {
        if (hash.IsEmpty)
        {
            return text ?? "";
        }

        var hex = Convert.ToHexStringLower(hash);
        return chunkCount == 1 ? hex : $"{hex}-{chunkCount}";
    }
}

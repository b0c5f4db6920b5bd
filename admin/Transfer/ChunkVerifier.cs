using System.Security.Cryptography;
using Granary.Admin.Api;

namespace Granary.Admin.Transfer;

/// <summary>
/// Follows the bytes of a file along its manifest: cuts them at the chunk borders and compares each chunk's hash.
/// </summary>
internal sealed class ChunkVerifier : IDisposable
{
    private readonly IReadOnlyList<ManifestChunk> chunks;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int index;
    private long inChunk;

    /// <summary>Starts at the first chunk.</summary>
    /// <exception cref="UnexpectedAnswerException">The manifest contradicts itself.</exception>
    public ChunkVerifier(IReadOnlyList<ManifestChunk> chunks, long size)
    {
        this.chunks = chunks;
        if (chunks.Any(chunk => chunk.Size <= 0) || chunks.Sum(chunk => chunk.Size) != size)
            throw new UnexpectedAnswerException($"the chunks of the manifest do not add up to the file's {size} bytes.");
    }

    /// <summary>Whether every chunk was verified.</summary>
    public bool Complete => index == chunks.Count;

    /// <summary>Where the first byte that is not verified yet is.</summary>
    public long Verified { get; private set; }

    /// <summary>How many bytes the current chunk still needs; 0 when complete.</summary>
    public long Wanted => Complete ? 0 : chunks[index].Size - inChunk;

    /// <summary>Takes in bytes, at most <see cref="Wanted"/>. True: the chunk is complete and right.</summary>
    /// <exception cref="CorruptContentException">The chunk is complete and wrong.</exception>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        inChunk += bytes.Length;
        if (Wanted > 0)
            return false;
        var expected = chunks[index].Sha256;
        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        inChunk = 0;
        if (!string.Equals(actual, expected, StringComparison.OrdinalIgnoreCase))
            throw new CorruptContentException($"chunk {index} should have SHA-256 {expected}, but what arrived has {actual}");
        Verified += chunks[index].Size;
        index++;
        return true;
    }

    /// <summary>Goes back to the start of the current chunk.</summary>
    public void Rollback()
    {
        hash.GetHashAndReset();
        inChunk = 0;
    }

    /// <inheritdoc />
    public void Dispose() => hash.Dispose();
}

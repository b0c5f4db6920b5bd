using System.Collections.Concurrent;
using System.Security.Cryptography;
using Granary.TestSupport;

namespace Granary.Crash.Tests.Model;

/// <summary>Bytes that can be made again from two numbers.</summary>
/// <param name="Number">Seed of the bytes.</param>
/// <param name="Size">How many.</param>
/// <param name="ChunkBytes">What they are cut into.</param>
internal sealed record Content(int Number, int Size, int ChunkBytes = Content.PutChunkBytes)
{
    /// <summary>What a PUT cuts its body into.</summary>
    public const int PutChunkBytes = 4 << 20;

    private string? _etag;

    /// <summary>The tag that the server gives it (http-api, Files): it names the bytes.</summary>
    public string Etag => _etag ??= EtagOf(Bytes(), ChunkBytes);

    public byte[] Bytes() => Seeds.Create(Number).Bytes(Size);

    /// <summary>The tag of any bytes.</summary>
    public static string EtagOf(ReadOnlySpan<byte> bytes, int chunkBytes)
    {
        if (bytes.Length <= chunkBytes)
        {
            return Convert.ToHexStringLower(SHA256.HashData(bytes));
        }

        var hashes = new List<byte>();
        var count = 0;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(chunkBytes, bytes.Length)..])
        {
            hashes.AddRange(SHA256.HashData(bytes[..Math.Min(chunkBytes, bytes.Length)]));
            count++;
        }

        return $"{Convert.ToHexStringLower(SHA256.HashData(hashes.ToArray()))}-{count}";
    }
}

/// <summary>Every content that was ever sent, by its tag.</summary>
internal sealed class Contents
{
    private readonly ConcurrentDictionary<string, Content> _known = new(StringComparer.Ordinal);
    private int _next;

    /// <summary>Contents that many files share, so that deduplication races with everything else.</summary>
    private const int Shared = 12;

    /// <summary>Parts of sessions here.</summary>
    public const int SessionChunkBytes = 64 << 10;

    /// <summary>One for a new file: mostly new and small; some shared, some empty, some of several chunks.</summary>
    public Content Choose(Random random)
    {
        var number = random.Next(10) < 3 ? random.Next(Shared) : Shared + Interlocked.Increment(ref _next);
        var size = number < Shared ? SizeOf(number * 10 / Shared, Seeds.Create(number)) : SizeOf(random.Next(10), random);
        var content = new Content(number, size);
        _known.TryAdd(content.Etag, content);
        return content;
    }

    /// <summary>One for a session: some parts of 64 KiB.</summary>
    public Content ChooseParts(Random random)
    {
        var content = new Content(Shared + Interlocked.Increment(ref _next), random.Next(1, 500_000), SessionChunkBytes);
        _known.TryAdd(content.Etag, content);
        return content;
    }

    /// <summary>The tag of bytes that came under a tag, which says how they are cut.</summary>
    public string TagOf(ReadOnlySpan<byte> bytes, string told) => Content.EtagOf(bytes, Find(told)?.ChunkBytes ?? Content.PutChunkBytes);

    public Content? Find(string etag) => _known.GetValueOrDefault(etag);

    private static int SizeOf(int kind, Random random) => kind switch
    {
        0 => random.Next(3) == 0 ? 0 : 1,
        < 7 => random.Next(1, 20_000),
        < 9 => random.Next(100_000, 1_500_000),
        _ => random.Next(Content.PutChunkBytes - 2, (2 * Content.PutChunkBytes) + 100_000),
    };
}

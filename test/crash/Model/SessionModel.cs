namespace Granary.Crash.Tests.Model;

/// <summary>An upload session that outlives the server, and what its client was told.</summary>
internal sealed class SessionModel
{
    public required string Id { get; init; }

    public required string Path { get; init; }

    public required Content Content { get; init; }

    /// <summary>Parts whose arrival was acknowledged.</summary>
    public HashSet<int> Acknowledged { get; } = [];

    /// <summary>Its completion, once asked for; the answer may be lost.</summary>
    public Operation? Completion { get; set; }

    /// <summary>Whether its abort was asked for; the answer may be lost.</summary>
    public bool Aborting { get; set; }

    public int Parts => (Content.Size + Content.ChunkBytes - 1) / Content.ChunkBytes;

    /// <summary>Bytes of a part.</summary>
    public byte[] Part(int index) => Content.Bytes().AsSpan(index * Content.ChunkBytes)[..Math.Min(Content.ChunkBytes, Content.Size - (index * Content.ChunkBytes))].ToArray();
}

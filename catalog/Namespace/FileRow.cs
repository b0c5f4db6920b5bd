using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>One row of file or file_version.</summary>
internal sealed record FileRow
{
    /// <summary>The columns both tables share, after the path and in this order.</summary>
    public const string Columns = "version, size, etag, etag_text, sha256, chunk_count, content_type, modified, committed, manifest, sequence";

    public required byte[] Path { get; init; }

    public required long Version { get; init; }

    public long Size { get; init; }

    public byte[]? Etag { get; init; }

    public string? EtagText { get; init; }

    public byte[]? Sha256 { get; init; }

    public int ChunkCount { get; init; }

    public string? ContentType { get; init; }

    /// <summary>The client's time, whole: what was put comes back to the 100 ns.</summary>
    public DateTimeOffset Modified { get; init; }

    /// <summary>As the column holds it: units of 100 ns since 1970.</summary>
    public long ModifiedTicks => Modified.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    public DateTimeOffset Committed { get; init; }

    /// <summary>Null for a tombstone.</summary>
    public byte[]? Manifest { get; init; }

    public long Sequence { get; init; }

    public bool Deleted { get; init; }

    /// <summary>The entity tag as text.</summary>
    public string EtagOf() => EtagColumn.Decode(Etag, EtagText, ChunkCount);

    /// <summary>SHA-256 of the whole file: stored, or the entity tag of a file of one chunk.</summary>
    public ChunkHash? WholeHash() =>
        Sha256 is not null ? ChunkHash.From(Sha256)
        : ChunkCount == 1 && Etag is not null ? ChunkHash.From(Etag)
        : null;

    /// <summary>Reads the shared columns, which begin at a position.</summary>
    public static FileRow Read(SqlRows rows, int at, byte[] path, bool deleted = false) => new()
    {
        Path = path,
        Version = rows.Long(at),
        Size = rows.Long(at + 1),
        Etag = rows.BytesOrNull(at + 2),
        EtagText = rows.TextOrNull(at + 3),
        Sha256 = rows.BytesOrNull(at + 4),
        ChunkCount = rows.Int(at + 5),
        ContentType = rows.TextOrNull(at + 6),
        Modified = DateTimeOffset.UnixEpoch.AddTicks(rows.Long(at + 7)),
        Committed = rows.Time(at + 8),
        Manifest = rows.BytesOrNull(at + 9),
        Sequence = rows.Long(at + 10),
        Deleted = deleted,
    };

    /// <summary>The row as its readers outside know it.</summary>
    public FileVersionInfo ToInfo() => new()
    {
        Path = FilePath.Parse(System.Text.Encoding.UTF8.GetString(Path)),
        Version = Version,
        Size = Size,
        Etag = EtagOf(),
        Sha256 = WholeHash(),
        ChunkCount = ChunkCount,
        ContentType = ContentType,
        Modified = Modified,
        Committed = Committed,
        Manifest = Manifest is null ? default : new UploadId(new Guid(Manifest, bigEndian: true)),
        Sequence = Sequence,
        Deleted = Deleted,
    };
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Rows of a running query, read by position. Dispose it before the same statement runs again on the session; spans are
/// valid until the next <see cref="Read"/>.
/// </summary>
public abstract class SqlRows : IDisposable
{
    /// <summary>Columns of the result.</summary>
    public abstract int Columns { get; }

    /// <summary>Moves to the next row; false after the last.</summary>
    public abstract bool Read();

    /// <summary>True when the column is NULL.</summary>
    public abstract bool IsNull(int column);

    /// <summary>An integer; NULL reads as 0.</summary>
    public abstract long Long(int column);

    /// <summary>Bytes; NULL reads as empty.</summary>
    public abstract ReadOnlySpan<byte> Span(int column);

    /// <summary>Text; NULL reads as null.</summary>
    public abstract string? TextOrNull(int column);

    /// <summary>Text that is not null.</summary>
    public string Text(int column) => TextOrNull(column) ?? throw new InvalidOperationException("The column is NULL.");

    /// <summary>An integer that fits 32 bits.</summary>
    public int Int(int column) => checked((int)Long(column));

    /// <summary>An integer or null.</summary>
    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    /// <summary>An integer or null.</summary>
    public int? IntOrNull(int column) => IsNull(column) ? null : Int(column);

    /// <summary>0 is false.</summary>
    public bool Flag(int column) => Long(column) != 0;

    /// <summary>Bytes or null.</summary>
    public byte[]? BytesOrNull(int column) => IsNull(column) ? null : Span(column).ToArray();

    /// <summary>A chunk's name.</summary>
    public ChunkHash Hash(int column) => ChunkHash.From(Span(column));

    /// <summary>A chunk's name or null.</summary>
    public ChunkHash? HashOrNull(int column) => IsNull(column) ? null : Hash(column);

    /// <summary>An upload's id.</summary>
    public UploadId Upload(int column) => new(new Guid(Span(column), bigEndian: true));

    /// <summary>A time kept as milliseconds since 1970.</summary>
    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Long(column));

    /// <summary>A time or null.</summary>
    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>A path kept as UTF-8 bytes.</summary>
    public FilePath Path(int column) => FilePath.Parse(System.Text.Encoding.UTF8.GetString(Span(column)));

    /// <inheritdoc/>
    public abstract void Dispose();
}

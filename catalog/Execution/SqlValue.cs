using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A value bound to a parameter: integer, text, bytes or null. Ids convert by themselves; nothing is boxed.</summary>
public readonly struct SqlValue
{
    private SqlValue(SqlValueKind kind, long number, object? reference)
    {
        Kind = kind;
        Number = number;
        Reference = reference;
    }

    /// <summary>SQL NULL.</summary>
    public static SqlValue Null => default;

    internal SqlValueKind Kind { get; }

    internal long Number { get; }

    internal object? Reference { get; }

    /// <summary>An integer.</summary>
    public static implicit operator SqlValue(long value) => new(SqlValueKind.Integer, value, null);

    /// <summary>An integer.</summary>
    public static implicit operator SqlValue(int value) => (long)value;

    /// <summary>An integer or null.</summary>
    public static implicit operator SqlValue(long? value) => value is { } number ? number : Null;

    /// <summary>An integer or null.</summary>
    public static implicit operator SqlValue(int? value) => value is { } number ? (long)number : Null;

    /// <summary>0 or 1.</summary>
    public static implicit operator SqlValue(bool value) => value ? 1L : 0L;

    /// <summary>Text or null.</summary>
    public static implicit operator SqlValue(string? value) =>
        value is null ? Null : new SqlValue(SqlValueKind.Text, 0, value);

    /// <summary>Bytes or null.</summary>
    public static implicit operator SqlValue(byte[]? value) =>
        value is null ? Null : new SqlValue(SqlValueKind.Bytes, 0, value);

    /// <summary>An id.</summary>
    public static implicit operator SqlValue(TenantId value) => value.Value;

    /// <summary>An id.</summary>
    public static implicit operator SqlValue(ScopeId value) => value.Value;

    /// <summary>An id.</summary>
    public static implicit operator SqlValue(StoreId value) => value.Value;

    /// <summary>An id.</summary>
    public static implicit operator SqlValue(LocationId value) => value.Value;

    /// <summary>An id.</summary>
    public static implicit operator SqlValue(SiloEpoch value) => value.Value;

    /// <summary>16 bytes in the order of the text, so that ids of one time lie together.</summary>
    public static implicit operator SqlValue(UploadId value) => value.Value.ToByteArray(bigEndian: true);

    /// <summary>32 bytes.</summary>
    public static implicit operator SqlValue(ChunkHash value) => value.ToByteArray();

    /// <summary>Milliseconds since 1970.</summary>
    public static implicit operator SqlValue(DateTimeOffset value) => value.ToUnixTimeMilliseconds();

    /// <summary>Milliseconds since 1970, or null.</summary>
    public static implicit operator SqlValue(DateTimeOffset? value) => value?.ToUnixTimeMilliseconds();
}

/// <summary>Kind of a bound value.</summary>
internal enum SqlValueKind
{
    Null = 0,
    Integer = 1,
    Text = 2,
    Bytes = 3,
}

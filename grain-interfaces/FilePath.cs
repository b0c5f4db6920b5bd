using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Granary.GrainInterfaces;

/// <summary>
/// Path of a file in a scope: UTF-8 bytes, 1 to 1024, compared and ordered as bytes without normalisation
/// (http-api, Paths). Cannot hold an invalid path: no empty or dot segment, no NUL, valid UTF-8, no leading or trailing
/// <c>/</c>.
/// </summary>
[GenerateSerializer, Immutable, Alias("granary.FilePath")]
public readonly record struct FilePath : IComparable<FilePath>
{
    /// <summary>Longest path in bytes.</summary>
    public const int MaxBytes = 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Id(0)]
    private readonly string? _text;

    private FilePath(string text) => _text = text;

    /// <summary>The path as text; its UTF-8 form is the identity.</summary>
    public string Text => _text ?? throw new InvalidOperationException("An uninitialised FilePath was used.");

    /// <summary>The path's UTF-8 bytes.</summary>
    public byte[] ToUtf8() => Strict.GetBytes(Text);

    /// <summary>Checks raw bytes (already percent-decoded once) and wraps them.</summary>
    /// <param name="utf8">The candidate.</param>
    /// <param name="path">The path when the result is true.</param>
    /// <param name="reason">One sentence that says which rule was broken when the result is false.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out FilePath path, [NotNullWhen(false)] out string? reason)
    {
        path = default;
        reason = Check(utf8);
        if (reason is not null)
        {
            return false;
        }

        try
        {
            path = new FilePath(Strict.GetString(utf8));
            return true;
        }
        catch (DecoderFallbackException)
        {
            reason = "A path is valid UTF-8.";
            return false;
        }
    }

    /// <summary>As <see cref="TryParse(ReadOnlySpan{byte}, out FilePath, out string?)"/>, from text.</summary>
    public static bool TryParse(string text, out FilePath path, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            return TryParse(Strict.GetBytes(text), out path, out reason);
        }
        catch (EncoderFallbackException)
        {
            path = default;
            reason = "A path is valid UTF-8.";
            return false;
        }
    }

    /// <summary>Wraps text that is known to be valid, such as a path read from the catalog.</summary>
    /// <exception cref="FormatException">The text is no valid path.</exception>
    public static FilePath Parse(string text) =>
        TryParse(text, out var path, out var reason) ? path : throw new FormatException(reason);

    /// <inheritdoc/>
    public int CompareTo(FilePath other) => ToUtf8().AsSpan().SequenceCompareTo(other.ToUtf8());

    /// <summary>Before, in byte order.</summary>
    public static bool operator <(FilePath left, FilePath right) => left.CompareTo(right) < 0;

    /// <summary>Before or the same, in byte order.</summary>
    public static bool operator <=(FilePath left, FilePath right) => left.CompareTo(right) <= 0;

    /// <summary>Behind, in byte order.</summary>
    public static bool operator >(FilePath left, FilePath right) => left.CompareTo(right) > 0;

    /// <summary>Behind or the same, in byte order.</summary>
    public static bool operator >=(FilePath left, FilePath right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string? Check(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "A path has at least one byte.";
        }

        if (utf8.Length > MaxBytes)
        {
            return $"A path has at most {MaxBytes} bytes.";
        }

        if (utf8.Contains((byte)0))
        {
            return "A path holds no NUL.";
        }

        foreach (var range in utf8.Split((byte)'/'))
        {
            var segment = utf8[range];
            if (segment.IsEmpty)
            {
                return "A path holds no empty segment.";
            }

            if (segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8))
            {
                return "A path holds no dot segment.";
            }
        }

        return null;
    }
}

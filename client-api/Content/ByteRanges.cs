using System.Globalization;

namespace Granary.ClientApi.Content;

/// <summary>A stretch of bytes.</summary>
/// <param name="From">First byte.</param>
/// <param name="Length">Bytes, at least 1.</param>
internal readonly record struct ByteRange(long From, long Length)
{
    /// <summary>The byte behind the last one.</summary>
    public long End => From + Length;

    /// <summary>The value of <c>Content-Range</c>.</summary>
    public string ContentRange(long size) => string.Create(CultureInfo.InvariantCulture, $"bytes {From}-{End - 1}/{size}");
}

/// <summary>What a <c>Range</c> header asks of a representation of a known size.</summary>
internal enum RangeKind
{
    /// <summary>Nothing that is understood: the whole is sent.</summary>
    Whole,

    /// <summary>Some ranges.</summary>
    Some,

    /// <summary>No range has a byte of the representation: 416.</summary>
    Unsatisfiable,
}

/// <summary>
/// <c>Range</c> (RFC 9110, section 14). "A server MAY ignore the Range header field." "An int-range is satisfiable if first-pos
/// is less than the current length; a suffix-range is satisfiable if the suffix-length is non-zero." Ranges that overlap or
/// touch are merged; above <see cref="Max"/> the whole is sent (section 14.2, denial of service).
/// </summary>
internal static class ByteRanges
{
    /// <summary>Most ranges of one answer, after merging.</summary>
    public const int Max = 64;

    private const string Unit = "bytes=";

    /// <summary>Reads the header; what is not valid is ignored, as the specification allows.</summary>
    public static RangeKind Parse(string? header, long size, out List<ByteRange> ranges)
    {
        ranges = [];
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
            return RangeKind.Whole;
        var seen = false;
        var specs = header.AsSpan(Unit.Length);
        foreach (var part in specs.Split(','))
        {
            var spec = specs[part].Trim(" \t");
            if (spec.IsEmpty)
                continue;
            if (!TryParseSpec(spec, size, out var range))
                return RangeKind.Whole;
            seen = true;
            if (range.Length > 0)
                ranges.Add(range);
        }

        if (!seen)
            return RangeKind.Whole;
        if (ranges.Count == 0)
            return RangeKind.Unsatisfiable;
        Merge(ranges);
        return ranges.Count <= Max ? RangeKind.Some : RangeKind.Whole;
    }

    /// <summary>Length 0 stands for a valid range without a byte of the representation.</summary>
    private static bool TryParseSpec(ReadOnlySpan<char> spec, long size, out ByteRange range)
    {
        range = default;
        var dash = spec.IndexOf('-');
        if (dash < 0)
            return false;
        var first = spec[..dash];
        var last = spec[(dash + 1)..];
        if (first.IsEmpty)
        {
            if (!TryParseNumber(last, out var suffix))
                return false;
            var length = Math.Min(suffix, size);
            range = new ByteRange(size - length, length);
            return true;
        }

        if (!TryParseNumber(first, out var from))
            return false;
        var to = long.MaxValue;
        if (!last.IsEmpty && !TryParseNumber(last, out to))
            return false;
        if (to < from)
            return false;
        if (from < size)
            range = new ByteRange(from, Math.Min(to, size - 1) - from + 1);
        return true;
    }

    /// <summary>Digits only; what is too large for 64 bits is larger than any file.</summary>
    private static bool TryParseNumber(ReadOnlySpan<char> digits, out long value)
    {
        value = 0;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
            return false;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value))
            value = long.MaxValue;
        return true;
    }

    private static void Merge(List<ByteRange> ranges)
    {
        ranges.Sort(static (a, b) => a.From.CompareTo(b.From));
        var kept = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            var current = ranges[kept];
            var next = ranges[i];
            if (next.From <= current.End)
                ranges[kept] = new ByteRange(current.From, Math.Max(current.End, next.End) - current.From);
            else
                ranges[++kept] = next;
        }

        ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
    }
}

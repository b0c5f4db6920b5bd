using System.Globalization;

namespace Granary.Silo.Configuration;

/// <summary>Sizes as people write them: <c>64MiB</c>, <c>1.5GiB</c>, or plain bytes.</summary>
public static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
        [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1)];

    /// <summary>Reads a size; false when it is none, negative or beyond 63 bits.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var factor = 1L;
        var digits = text.AsSpan().Trim();
        foreach (var (unit, size) in Units)
        {
            if (digits.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                factor = size;
                digits = digits[..^unit.Length].TrimEnd();
                break;
            }
        }

        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number < 0 || number > long.MaxValue / factor)
        {
            return false;
        }

        bytes = (long)(number * factor);
        return true;
    }

    /// <summary>The largest unit that leaves a whole number.</summary>
    public static string Format(long bytes)
    {
        foreach (var (unit, size) in Units)
        {
            if (bytes >= size && bytes % size == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes}B");
    }
}

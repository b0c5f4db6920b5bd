using System.Buffers;
using System.Globalization;

namespace Granary.Admin.Output;

/// <summary>
/// Sizes as people write and read them: `64MiB`, `1.5GiB`, `10MB`, plain bytes. Binary and decimal units have different
/// names, and a unit without its B is refused, so that a size never means two things.
/// </summary>
internal static class SizeText
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");
    private static readonly string[] BinaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    private static readonly string[] DecimalUnits = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Reads a size in bytes.</summary>
    /// <exception cref="FormatException">Not a size, not a whole number of bytes, or beyond 2^63 - 1.</exception>
    public static long Parse(string text)
    {
        var trimmed = text.Trim();
        var digits = trimmed.AsSpan().IndexOfAnyExcept(NumberCharacters);
        var number = digits < 0 ? trimmed : trimmed[..digits];
        var unit = digits < 0 ? "B" : trimmed[digits..].Trim();
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || number.StartsWith('.') || number.EndsWith('.'))
            throw new FormatException($"'{text}' is not a size; write it as 64MiB, 1.5GiB or a number of bytes.");
        if (Factor(unit) is not { } factor)
            throw new FormatException($"'{text}' has no unit that is known; units are {string.Join(", ", BinaryUnits)} and {string.Join(", ", DecimalUnits[1..])}.");

        decimal bytes;
        try
        {
            bytes = value * factor;
        }
        catch (OverflowException)
        {
            bytes = decimal.MaxValue;
        }

        if (bytes > long.MaxValue)
            throw new FormatException($"'{text}' is beyond the largest size, 8EiB less one byte.");
        if (bytes != decimal.Truncate(bytes))
            throw new FormatException($"'{text}' is not a whole number of bytes.");
        return (long)bytes;
    }

    /// <summary>Shows a size: `64MiB`, `1.5GiB`, at most two digits after the point.</summary>
    public static string Format(long bytes)
    {
        if (bytes < 0)
            return "-" + Format(bytes == long.MinValue ? long.MaxValue : -bytes);
        decimal value = bytes;
        var unit = 0;
        // 1023.995 would be shown as 1024, which is the next unit's 1.
        while (unit < BinaryUnits.Length - 1 && (unit == 0 ? value >= 1024 : Math.Round(value, 2) >= 1024))
        {
            value /= 1024;
            unit++;
        }

        return Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture) + BinaryUnits[unit];
    }

    private static decimal? Factor(string unit)
    {
        var power = Array.IndexOf(BinaryUnits, unit);
        var step = 1024m;
        if (power < 0)
        {
            power = Array.IndexOf(DecimalUnits, unit);
            step = 1000m;
        }

        if (power < 0)
            return null;
        var factor = 1m;
        for (var i = 0; i < power; i++)
            factor *= step;
        return factor;
    }
}

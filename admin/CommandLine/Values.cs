using System.Globalization;
using Granary.Admin.Output;

namespace Granary.Admin.CommandLine;

/// <summary>Reads the text of options; what cannot be read is wrong usage and names the option.</summary>
internal static class Values
{
    /// <summary>A size in bytes; null for an empty text.</summary>
    public static long? Size(string option, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        try
        {
            return SizeText.Parse(text);
        }
        catch (FormatException error)
        {
            throw new UsageException($"{option}: {error.Message}");
        }
    }

    /// <summary>A whole number; null for an empty text.</summary>
    public static long? Number(string option, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"{option}: '{text}' is not a whole number.");
    }

    /// <summary>A moment: a date and time, a date, or a span from now such as 30d, 12h, 45m.</summary>
    public static DateTimeOffset? Moment(string option, string? text, TimeProvider time)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (text.Length > 1 && Unit(text[^1]) is { } unit && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return time.GetUtcNow() + (unit * count);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)
            ? moment
            : throw new UsageException($"{option}: '{text}' is neither a span such as 30d, 12h or 45m, nor a time such as 2030-01-31T12:00:00Z.");
    }

    /// <summary>Values given with commas, repeatedly, or both.</summary>
    public static IReadOnlyList<string>? List(IReadOnlyList<string>? values) =>
        values is { Count: > 0 } ? [.. values.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))] : null;

    private static TimeSpan? Unit(char letter) => letter switch
    {
        'd' => TimeSpan.FromDays(1),
        'h' => TimeSpan.FromHours(1),
        'm' => TimeSpan.FromMinutes(1),
        _ => null,
    };
}

using System.Globalization;
using System.Text;

namespace Granary.Admin.Output;

/// <summary>How values look in tables; JSON output never goes through here.</summary>
internal sealed class Show(bool plainBytes)
{
    /// <summary>What stands for "not set" in a cell.</summary>
    public const string None = "-";

    /// <summary>A size, in units or in plain bytes.</summary>
    public string Size(long? bytes) => bytes switch
    {
        null => None,
        { } value when plainBytes => value.ToString(CultureInfo.InvariantCulture),
        { } value => SizeText.Format(value),
    };

    /// <summary>A moment in UTC, to the second.</summary>
    public static string Time(DateTimeOffset? time) =>
        time is { } value ? value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : None;

    /// <summary>A number with thousands separated, as people read counts.</summary>
    public static string Count(long? value) =>
        value is { } number ? number.ToString("#,0", CultureInfo.InvariantCulture) : None;

    /// <summary>A number as it is typed, such as a priority.</summary>
    public static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? None;

    /// <summary>yes or no.</summary>
    public static string YesNo(bool value) => value ? "yes" : "no";

    /// <summary>A list, or None.</summary>
    public static string List(IEnumerable<string>? values)
    {
        var text = string.Join(", ", values ?? []);
        return text.Length == 0 ? None : text;
    }

    /// <summary>
    /// A name as it is, unless it holds characters that would move a terminal's cursor or colours: then in the shell's
    /// $'...' form, which can be pasted back.
    /// </summary>
    public static string Name(string name)
    {
        if (!name.Any(NeedsEscape))
            return name;
        var text = new StringBuilder("$'");
        foreach (var rune in name.EnumerateRunes())
            AppendEscaped(text, rune);
        return text.Append('\'').ToString();
    }

    // C0, DEL, C1, and the marks that turn text around.
    private static bool NeedsEscape(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static void AppendEscaped(StringBuilder text, Rune rune)
    {
        switch (rune.Value)
        {
            case '\n':
                text.Append("\\n");
                break;
            case '\t':
                text.Append("\\t");
                break;
            case '\r':
                text.Append("\\r");
                break;
            case '\'' or '\\':
                text.Append('\\').Append((char)rune.Value);
                break;
            case var value when rune.IsBmp && NeedsEscape((char)value):
                Span<byte> bytes = stackalloc byte[4];
                foreach (var b in bytes[..rune.EncodeToUtf8(bytes)])
                    text.Append("\\x").Append(b.ToString("x2", CultureInfo.InvariantCulture));
                break;
            default:
                text.Append(rune.ToString());
                break;
        }
    }
}

using System.Globalization;
using System.Text;

namespace Granary.ClientApi.Metrics;

/// <summary>
/// Prometheus text exposition, version 0.0.4: "# HELP", "# TYPE", then one line per sample; in label values backslash, quote
/// and line feed are escaped.
/// </summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder _text = new();

    /// <summary>Writes the head of a metric.</summary>
    public void Head(string name, string type, string? help)
    {
        if (!string.IsNullOrEmpty(help))
            _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <summary>Writes one sample.</summary>
    /// <param name="name">Name with its suffix.</param>
    /// <param name="labels">Labels as <see cref="Labels"/> made them.</param>
    /// <param name="extra">One more label such as <c>le="0.1"</c>; null for none.</param>
    /// <param name="value">The value.</param>
    public void Sample(string name, string labels, string? extra, double value)
    {
        _text.Append(name);
        if (labels.Length > 0 || extra is not null)
        {
            _text.Append('{').Append(labels);
            if (extra is not null)
                _text.Append(labels.Length > 0 ? "," : "").Append(extra);
            _text.Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A metric's name: dots become underscores, a known unit and the kind become suffixes.</summary>
    public static string Name(string instrument, string? unit, bool isCounter)
    {
        var name = new StringBuilder(instrument.Length + 16);
        foreach (var c in instrument)
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        var suffix = unit switch { "By" => "_bytes", "s" => "_seconds", "ms" => "_milliseconds", _ => "" };
        if (suffix.Length > 0 && !name.ToString().EndsWith(suffix, StringComparison.Ordinal))
            name.Append(suffix);
        return isCounter ? name.Append("_total").ToString() : name.ToString();
    }

    /// <summary>Labels without braces, in the order they were given.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (text.Length > 0)
                text.Append(',');
            foreach (var c in key)
                text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
            text.Append("=\"").Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")).Append('"');
        }

        return text.ToString();
    }

    /// <summary>A number as Prometheus reads it.</summary>
    public static string Number(double value) => double.IsPositiveInfinity(value)
        ? "+Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escape(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// A statement in MariaDB's words, made once from the common text. What is translated: identifiers are quoted (some are
/// reserved words there), lock marks, <c>INSERT OR IGNORE</c>, <c>ON CONFLICT</c>. Values are written into the text as
/// numbers and hexadecimal digits, in which nothing can be escaped from; so several statements travel together, and no
/// statement occupies the server between its uses.
/// </summary>
internal sealed partial class MariaDbText
{
    private static readonly Lock s_gate = new();
    private static MariaDbText?[] s_writing = new MariaDbText?[256];
    private static MariaDbText?[] s_reading = new MariaDbText?[256];

    private readonly string[] _pieces;
    private readonly int[] _values;
    private readonly string? _row;

    private MariaDbText(string text, bool ignoresDuplicates, bool isUpsert)
    {
        IgnoresDuplicates = ignoresDuplicates;
        IsUpsert = isUpsert;
        var pieces = new List<string>();
        var values = new List<int>();
        var from = 0;
        foreach (var parameter in Parameter().EnumerateMatches(text))
        {
            pieces.Add(text[from..parameter.Index]);
            values.Add(int.Parse(text.AsSpan(parameter.Index + 1, parameter.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture) - 1);
            from = parameter.Index + parameter.Length;
        }

        pieces.Add(text[from..]);
        _pieces = [.. pieces];
        _values = [.. values];
        if (Target().Match(text) is { Success: true } target)
        {
            Table = target.Groups["table"].Value;
            var at = pieces[0].LastIndexOf("VALUES (", StringComparison.Ordinal);
            _row = at >= 0 && !ignoresDuplicates && text.EndsWith(')') && !text.Contains("ON DUPLICATE", StringComparison.Ordinal) ? pieces[0][(at + "VALUES ".Length)..] : null;
        }
    }

    /// <summary>The only table that a changing statement looks at; null where it looks at others too, or is a query.</summary>
    public string? Table { get; }

    /// <summary>An insert of one row of values and nothing else: more rows may follow it in one statement.</summary>
    public bool IsRow => _row is not null;

    /// <summary>The statement passes over rows that are there, and over nothing else: its warnings must be looked at.</summary>
    public bool IgnoresDuplicates { get; }

    /// <summary>MariaDB counts an updated row of it twice.</summary>
    public bool IsUpsert { get; }

    /// <summary>The translation of a statement.</summary>
    /// <param name="sql">The common text.</param>
    /// <param name="locks">False where nothing is going to be changed: lock marks mean nothing then.</param>
    public static MariaDbText Of(Sql sql, bool locks)
    {
        var texts = locks ? s_writing : s_reading;
        if (sql.Slot < texts.Length && texts[sql.Slot] is { } known)
        {
            return known;
        }

        lock (s_gate)
        {
            ref var table = ref locks ? ref s_writing : ref s_reading;
            if (sql.Slot >= table.Length)
            {
                var larger = new MariaDbText?[Math.Max(table.Length * 2, sql.Slot + 1)];
                table.CopyTo(larger, 0);
                table = larger;
            }

            return table[sql.Slot] ??= Translate(sql.Text, locks);
        }
    }

    /// <summary>Appends the statement with its values.</summary>
    public void AppendTo(StringBuilder text, ReadOnlySpan<SqlValue> values) => Append(text, _pieces[0], values);

    /// <summary>A value that was read, as it stands in a text.</summary>
    public static string Literal(object? value) => value switch
    {
        byte[] bytes => Literal((SqlValue)bytes),
        null => "NULL",
        var number => Literal((SqlValue)Convert.ToInt64(number, CultureInfo.InvariantCulture)),
    };

    /// <summary>A value as it stands in a text.</summary>
    public static string Literal(SqlValue value)
    {
        var text = new StringBuilder();
        AppendValue(text, value);
        return text.ToString();
    }

    /// <summary>Appends only the row of an insert (<see cref="IsRow"/>), parentheses included.</summary>
    public void AppendRowTo(StringBuilder text, ReadOnlySpan<SqlValue> values) => Append(text, _row!, values);

    /// <summary>The text with a placeholder for every value, for tests.</summary>
    public string Prepared => string.Join("?", _pieces);

    /// <summary>The text with NULL for every value, for tests.</summary>
    public override string ToString() => string.Join("NULL", _pieces);

    internal static MariaDbText Translate(string common, bool locks)
    {
        var text = common.Replace("/*lock*/", locks ? "FOR UPDATE" : "", StringComparison.Ordinal)
            .Replace("/*share*/", locks ? "LOCK IN SHARE MODE" : "", StringComparison.Ordinal);
        text = Identifier().Replace(text, "`$0`");
        var ignores = text.Contains("INSERT OR IGNORE", StringComparison.Ordinal) || text.Contains("DO NOTHING", StringComparison.Ordinal);
        if (ignores)
        {
            text = Nothing().Replace(text.Replace("INSERT OR IGNORE", "INSERT", StringComparison.Ordinal), "");
            text = "INSERT IGNORE" + text.TrimStart()["INSERT".Length..];
        }

        var upsert = Upsert().Match(text);
        if (upsert.Success)
        {
            text = text[..upsert.Index] + "ON DUPLICATE KEY UPDATE " + Assignments(upsert.Groups["set"].Value, upsert.Groups["where"].Value);
        }

        return new MariaDbText(text, ignores, upsert.Success || text.StartsWith("REPLACE", StringComparison.Ordinal));
    }

    /// <summary>What a conflict changes. A condition becomes part of the one assignment that may stand under it.</summary>
    private static string Assignments(string set, string where)
    {
        var assignments = Excluded().Replace(set, "VALUES(`$1`)");
        if (where.Length == 0)
        {
            return assignments;
        }

        if (assignments.Split(" = ").Length != 2)
        {
            throw new NotSupportedException($"A conditional upsert changes one column: '{set}'.");
        }

        var parts = assignments.Split(" = ");
        return $"{parts[0]} = CASE WHEN {Excluded().Replace(where, "VALUES(`$1`)")} THEN {parts[1]} ELSE {parts[0]} END";
    }

    private void Append(StringBuilder text, string first, ReadOnlySpan<SqlValue> values)
    {
        text.Append(first);
        for (var i = 0; i < _values.Length; i++)
        {
            AppendValue(text, values[_values[i]]);
            text.Append(_pieces[i + 1]);
        }
    }

    private static void AppendValue(StringBuilder text, SqlValue value)
    {
        switch (value.Kind)
        {
            case SqlValueKind.Integer when value.Number < 0:
                text.Append('(').Append(value.Number).Append(')');
                break;
            case SqlValueKind.Integer:
                text.Append(value.Number);
                break;
            case SqlValueKind.Text:
                text.Append("_utf8mb4 x'").Append(Convert.ToHexStringLower(Encoding.UTF8.GetBytes((string)value.Reference!))).Append('\'');
                break;
            case SqlValueKind.Bytes:
                text.Append("x'").Append(Convert.ToHexStringLower((byte[])value.Reference!)).Append('\'');
                break;
            default:
                text.Append("NULL");
                break;
        }
    }

    // A changing statement without a query inside.
    [GeneratedRegex(@"^\s*(?:INSERT INTO|REPLACE INTO|UPDATE|DELETE FROM)\s+`(?<table>\w+)`(?![\s\S]*\bSELECT\b)")]
    private static partial Regex Target();

    [GeneratedRegex(@"\?[0-9]+")]
    private static partial Regex Parameter();

    // Words in small letters are identifiers, functions excepted; keywords are in capitals throughout.
    [GeneratedRegex(@"(?<![\w'`~])[a-z_][a-z0-9_]*(?![\w(])(?=(?:[^']*'[^']*')*[^']*$)")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\s*ON CONFLICT(?:\s*\([^)]*\))?\s+DO NOTHING")]
    private static partial Regex Nothing();

    [GeneratedRegex(@"ON CONFLICT\s*\([^)]*\)\s+DO UPDATE SET\s+(?<set>.*?)(?:\s+WHERE\s+(?<where>.*))?$", RegexOptions.Singleline)]
    private static partial Regex Upsert();

    [GeneratedRegex(@"`excluded`\.`(\w+)`")]
    private static partial Regex Excluded();
}

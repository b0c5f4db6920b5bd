using System.Text;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// Statements that are kept back until the next one that decides something. Inserts of single rows into one table become one
/// insert of many, and changes of single rows that differ only in the row become one (<see cref="Sql.Many"/>): what they pass on
/// their way forward touches only other tables and reads none.
/// </summary>
internal sealed class PostedStatements
{
    private readonly List<Posted> _statements = [];

    /// <summary>Characters of all of them, separators left out.</summary>
    public int Length { get; private set; }

    /// <summary>Adds a statement.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="values">Its values.</param>
    public void Add(Sql sql, ReadOnlySpan<SqlValue> values)
    {
        var text = MariaDbText.Of(sql, locks: true);
        var head = sql.Many is { } many ? Render(MariaDbText.Of(many.Sql, locks: true), values) : null;
        var same = head is not null || text.IsRow ? FindSame(text, head) : null;
        var statement = same ?? new Posted(text, head);
        var before = statement.Body.Length;
        if (head is not null)
        {
            statement.Body.Append(same is null ? "" : ", ").Append(MariaDbText.Literal(values[sql.Many!.Parameter - 1]));
        }
        else if (same is null)
        {
            text.AppendTo(statement.Body, values);
        }
        else
        {
            text.AppendRowTo(statement.Body.Append(", "), values);
        }

        if (same is null)
        {
            _statements.Add(statement);
        }

        Length += statement.Body.Length - before;
    }

    /// <summary>Moves all of them to the end of a text, each with a separator after it.</summary>
    public void MoveTo(StringBuilder text)
    {
        foreach (var statement in _statements)
        {
            _ = statement.Head is { } head
                ? text.Append(head.Replace("?*", statement.Body.ToString(), StringComparison.Ordinal))
                : text.Append(statement.Body);
            text.Append(";\n");
        }

        Clear();
    }

    /// <summary>Forgets all of them.</summary>
    public void Clear()
    {
        _statements.Clear();
        Length = 0;
    }

    private static string Render(MariaDbText text, ReadOnlySpan<SqlValue> values)
    {
        var rendered = new StringBuilder(128);
        text.AppendTo(rendered, values);
        return rendered.ToString();
    }

    private Posted? FindSame(MariaDbText text, string? head)
    {
        for (var i = _statements.Count - 1; i >= 0; i--)
        {
            var earlier = _statements[i];
            if (earlier.Text == text && earlier.Head == head)
            {
                return earlier;
            }

            if (earlier.Text.Table is not { } table || table == text.Table)
            {
                return null;
            }
        }

        return null;
    }

    /// <param name="Text">Whose statement it is.</param>
    /// <param name="Head">The text into which the body, a list, goes; null: the body is the statement.</param>
    private sealed record Posted(MariaDbText Text, string? Head)
    {
        public StringBuilder Body { get; } = new(256);
    }
}

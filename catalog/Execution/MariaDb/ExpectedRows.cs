using System.Text;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// Queries that one piece of work has said it will run, and rows that were read ahead of their use or are kept for the rest
/// of the work. Known by their whole text, values included.
/// </summary>
internal sealed class ExpectedRows
{
    private readonly List<Expected> _waiting = [];
    private readonly Dictionary<string, QueryResult> _ahead = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QueryResult> _kept = new(StringComparer.Ordinal);

    /// <summary>A query will be run soon.</summary>
    public void Add(Expected query)
    {
        if (!_kept.ContainsKey(query.Text) && !_ahead.ContainsKey(query.Text) && !_waiting.Exists(other => other.Text == query.Text))
        {
            _waiting.Add(query);
        }
    }

    /// <summary>Rows that are here already: those that were read ahead are given once, those that are kept always.</summary>
    public MariaDbRows? Take(string query, bool keep)
    {
        if (!_kept.TryGetValue(query, out var result) && !_ahead.Remove(query, out result))
        {
            return null;
        }

        if (keep)
        {
            _kept[query] = result;
        }

        return result.Read();
    }

    /// <summary>
    /// Moves the waiting queries to the end of a text, in the order in which they were expected; those that can be asked
    /// together stand where the first of them was.
    /// </summary>
    /// <returns>The queries of each statement, in the order in which their results come.</returns>
    public List<List<Expected>> MoveTo(StringBuilder text)
    {
        var statements = new List<List<Expected>>();
        var together = new Dictionary<string, List<Expected>>(StringComparer.Ordinal);
        foreach (var query in _waiting)
        {
            if (query.Many is { } many && together.TryGetValue(many, out var others))
            {
                others.Add(query);
                continue;
            }

            statements.Add([query]);
            if (query.Many is { } first)
            {
                together[first] = statements[^1];
            }
        }

        _waiting.Clear();
        text.AppendJoin(";\n", statements.Select(static queries => queries is [var one]
            ? one.Text
            : queries[0].Many!.Replace("?*", string.Join(", ", queries.Select(static query => query.Key)), StringComparison.Ordinal)));
        return statements;
    }

    /// <summary>Takes the result of a statement in, for the first use of each query that it answers.</summary>
    public void Put(List<Expected> queries, QueryResult result)
    {
        if (queries is [var one])
        {
            _ahead[one.Text] = result;
            return;
        }

        var rows = result.Rows.ToLookup(static row => MariaDbText.Literal(row[0]), static row => row[1..]);
        foreach (var query in queries)
        {
            _ahead[query.Text] = new QueryResult([.. rows[query.Key!]], result.Columns - 1);
        }
    }

    /// <summary>The work ends, or begins again.</summary>
    public void Clear()
    {
        _waiting.Clear();
        _ahead.Clear();
        _kept.Clear();
    }
}

/// <summary>A query with its values.</summary>
/// <param name="Text">Its whole text.</param>
/// <param name="Many">The text that asks the same for many values of one parameter; null: there is none.</param>
/// <param name="Key">The value of that parameter, as it stands in the text.</param>
internal readonly record struct Expected(string Text, string? Many, string? Key);

/// <summary>All rows of a result.</summary>
internal readonly record struct QueryResult(List<object?[]> Rows, int Columns)
{
    public MariaDbRows Read() => new(Rows, Columns);
}

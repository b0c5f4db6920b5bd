namespace Granary.Catalog;

/// <summary>
/// One SQL statement: a constant of the class that runs it, prepared once per connection. Parameters are numbered
/// <c>?1</c>, <c>?2</c>, so that one value can be used twice. <c>/*lock*/</c> after a SELECT marks rows that the
/// transaction is going to change: SQLite needs nothing there (it has one writer), MariaDB gets <c>FOR UPDATE</c>.
/// </summary>
public sealed class Sql
{
    private static int s_count;

    /// <summary>Wraps a statement's text.</summary>
    public Sql(string text)
    {
        Text = text;
        Slot = Interlocked.Increment(ref s_count) - 1;
    }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>
    /// The same for many values of one parameter at a time; null: there is none. A server that is asked for several rows one by
    /// one spends most of its time on the asking.
    /// </summary>
    internal SqlMany? Many { get; init; }

    /// <summary>Index into each connection's table of prepared statements.</summary>
    internal int Slot { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A statement for many values of one parameter of another statement.</summary>
/// <param name="Parameter">The parameter, from 1.</param>
/// <param name="Sql">
/// In the place of its value <c>?*</c>, a list. The first column of a query is the value that a row belongs to; the others are
/// those of the query for one value. In MariaDB's words: only its engine uses it.
/// </param>
internal sealed record SqlMany(int Parameter, Sql Sql)
{
    public SqlMany(int parameter, string text)
        : this(parameter, new Sql(text))
    {
    }
}

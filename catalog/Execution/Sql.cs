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

    /// <summary>Index into each connection's table of prepared statements.</summary>
    internal int Slot { get; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}

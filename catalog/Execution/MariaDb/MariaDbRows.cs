using System.Globalization;
using System.Text;

namespace Granary.Catalog.MariaDb;

/// <summary>The rows of a query, all read: a connection has one result open at a time, and pages are bounded.</summary>
internal sealed class MariaDbRows(List<object?[]> rows, int columns) : SqlRows
{
    private int _at = -1;

    public override int Columns => columns;

    public override bool Read() => ++_at < rows.Count;

    public override bool IsNull(int column) => rows[_at][column] is null;

    public override long Long(int column) => rows[_at][column] switch
    {
        null => 0,
        long number => number,
        var other => Convert.ToInt64(other, CultureInfo.InvariantCulture),
    };

    public override ReadOnlySpan<byte> Span(int column) => rows[_at][column] switch
    {
        null => default,
        byte[] bytes => bytes,
        string text => Encoding.UTF8.GetBytes(text),
        var other => throw new InvalidOperationException($"The column holds {other.GetType().Name}, not bytes."),
    };

    public override string? TextOrNull(int column) => rows[_at][column] switch
    {
        null => null,
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        var other => Convert.ToString(other, CultureInfo.InvariantCulture),
    };

    public override void Dispose()
    {
    }
}

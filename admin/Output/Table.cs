namespace Granary.Admin.Output;

/// <summary>One column of a table of <typeparamref name="T"/>.</summary>
/// <param name="Header">The word above the column, in capitals.</param>
/// <param name="Cell">What a row shows there.</param>
/// <param name="Right">Aligned right, for numbers.</param>
internal sealed record Column<T>(string Header, Func<T, string> Cell, bool Right = false);

/// <summary>
/// The shape of a list for people. It remembers its widths, so that a list that comes in pages keeps its columns as far
/// as it can without being held in memory.
/// </summary>
internal sealed class Table<T>(params Column<T>[] columns)
{
    private readonly int[] widths = Array.ConvertAll(columns, column => column.Header.Length);
    private bool headerWritten;

    /// <summary>The lines of one more page; the header goes before the first.</summary>
    public IEnumerable<string> Lines(IReadOnlyList<T> page)
    {
        var rows = page.Select(item => Array.ConvertAll(columns, column => column.Cell(item))).ToList();
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Length; i++)
                widths[i] = Math.Max(widths[i], DisplayWidth.Of(row[i]));
        }

        if (!headerWritten)
        {
            headerWritten = true;
            yield return Line(Array.ConvertAll(columns, column => column.Header));
        }

        foreach (var row in rows)
            yield return Line(row);
    }

    private string Line(string[] cells)
    {
        var line = new System.Text.StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            var pad = new string(' ', Math.Max(0, widths[i] - DisplayWidth.Of(cells[i])));
            if (i > 0)
                line.Append("  ");
            line.Append(columns[i].Right ? pad + cells[i] : cells[i] + pad);
        }

        return line.ToString().TrimEnd();
    }
}

namespace Granary.Admin.Output;

/// <summary>Tables and sentences, for people.</summary>
internal sealed class TablePrinter(Terminal terminal) : IPrinter
{
    /// <inheritdoc />
    public void Rows<T>(Table<T> table, IReadOnlyList<T> page)
    {
        foreach (var line in table.Lines(page))
            terminal.Data(line);
    }

    /// <inheritdoc />
    public void Record<T>(T item, params (string Name, string Value)[] properties)
    {
        var width = properties.Max(property => property.Name.Length);
        foreach (var (name, value) in properties)
            terminal.Data($"{(name + ":").PadRight(width + 1)} {value}".TrimEnd());
    }

    /// <inheritdoc />
    public void Detail<T>(string heading, Table<T> table, IReadOnlyList<T> rows)
    {
        terminal.Data("");
        terminal.Data(heading);
        Rows(table, rows);
    }

    /// <inheritdoc />
    public void Event<T>(T item, string sentence) => terminal.Data(sentence);
}

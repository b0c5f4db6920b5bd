namespace Granary.Admin.Output;

/// <summary>
/// Where a command's data goes: a table for people or JSON for programs. A command describes both shapes once and never
/// asks which one is used.
/// </summary>
internal interface IPrinter
{
    /// <summary>Prints one page of a list.</summary>
    /// <typeparam name="T">A type that <see cref="Api.ApiJson"/> knows.</typeparam>
    void Rows<T>(Table<T> table, IReadOnlyList<T> page);

    /// <summary>Prints one thing with its properties.</summary>
    void Record<T>(T item, params (string Name, string Value)[] properties);

    /// <summary>Prints what belongs to the thing printed last, for people only: JSON has it inside the thing.</summary>
    void Detail<T>(string heading, Table<T> table, IReadOnlyList<T> rows);

    /// <summary>Prints one event of the work, such as a file that was removed: a sentence or an object.</summary>
    void Event<T>(T item, string sentence);
}

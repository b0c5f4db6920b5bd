using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Granary.Admin.Api;

namespace Granary.Admin.Output;

/// <summary>One JSON object per line, for programs.</summary>
internal sealed class JsonPrinter(Terminal terminal) : IPrinter
{
    /// <inheritdoc />
    public void Rows<T>(Table<T> table, IReadOnlyList<T> page)
    {
        foreach (var item in page)
            Write(item);
    }

    /// <inheritdoc />
    public void Record<T>(T item, params (string Name, string Value)[] properties) => Write(item);

    /// <inheritdoc />
    public void Detail<T>(string heading, Table<T> table, IReadOnlyList<T> rows)
    {
    }

    /// <inheritdoc />
    public void Event<T>(T item, string sentence) => Write(item);

    private void Write<T>(T item) =>
        terminal.Data(JsonSerializer.Serialize(item, (JsonTypeInfo<T>)ApiJson.Plain.GetTypeInfo(typeof(T))!));
}

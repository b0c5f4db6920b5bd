using System.Text.Json;

namespace Granary.Stores;

/// <summary>Reads members of a JSON object one by one, and knows what was wrong and what was never asked for.</summary>
internal sealed class ConfigReader(JsonElement json)
{
    private readonly List<ConfigFailure> _failures = [];
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public IReadOnlyList<ConfigFailure> Failures => _failures;

    public void Fail(string member, string sentence) => _failures.Add(new($"configuration.{member}", sentence));

    public bool Has(string member) => json.TryGetProperty(member, out _);

    /// <summary>A text; null where it is absent, null, or wrong, which is then noted.</summary>
    public string? Text(string member, bool required = false)
    {
        _read.Add(member);
        if (!json.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            if (required)
                Fail(member, $"\"{member}\" is required.");
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Fail(member, $"\"{member}\" must be a text.");
            return null;
        }

        var text = value.GetString()!;
        if (text.Any(char.IsControl))
        {
            Fail(member, $"\"{member}\" must not hold control characters.");
            return null;
        }

        if (text.Length > 0)
            return text;
        if (required)
            Fail(member, $"\"{member}\" must not be empty.");
        return null;
    }

    /// <summary>A truth value; null where it is absent, null, or wrong, which is then noted.</summary>
    public bool? Flag(string member)
    {
        _read.Add(member);
        if (!json.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fail(member, $"\"{member}\" must be true or false.");
        return null;
    }

    /// <summary>Members that nobody read.</summary>
    public IEnumerable<JsonProperty> Unread() => json.EnumerateObject().Where(p => !_read.Contains(p.Name));

    /// <summary>Notes members that nobody read, and members given twice.</summary>
    public void RefuseUnknown(string backend)
    {
        foreach (var member in Unread())
            Fail(member.Name, $"A store of backend \"{backend}\" has no member \"{member.Name}\".");
        foreach (var twice in json.EnumerateObject().GroupBy(p => p.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            Fail(twice.Key, $"\"{twice.Key}\" is given twice.");
    }
}

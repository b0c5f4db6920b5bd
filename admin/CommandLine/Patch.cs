using System.CommandLine;
using System.Text.Json.Nodes;

namespace Granary.Admin.CommandLine;

/// <summary>
/// Collects what an edit changes: an option that is absent changes nothing, an empty value or --unset NAME unsets, and
/// everything else sets.
/// </summary>
internal sealed class Patch(Session session)
{
    private readonly Dictionary<string, Action> unsets = new(StringComparer.Ordinal);

    /// <summary>The changes, as the body of a PATCH.</summary>
    public JsonObject Body { get; } = [];

    /// <summary>--unset, with the names that the command knows.</summary>
    public static Option<string[]> UnsetOption(string names) => new("--unset")
    {
        Description = $"Unset a value (repeatable): {names}",
        HelpName = "NAME",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>A size.</summary>
    public Patch Size(string member, Option<string?> option) =>
        Add(Body, member, option, text => JsonValue.Create(Values.Size(option.Name, text)));

    /// <summary>A whole number.</summary>
    public Patch Number(string member, Option<string?> option) => Number(Body, member, option);

    /// <summary>A whole number inside <paramref name="part"/> of the body.</summary>
    public Patch Number(JsonObject part, string member, Option<string?> option) =>
        Add(part, member, option, text => JsonValue.Create(Values.Number(option.Name, text)));

    /// <summary>A size inside <paramref name="part"/> of the body.</summary>
    public Patch Size(JsonObject part, string member, Option<string?> option) =>
        Add(part, member, option, text => JsonValue.Create(Values.Size(option.Name, text)));

    /// <summary>A text.</summary>
    public Patch Text(JsonObject part, string member, Option<string?> option) =>
        Add(part, member, option, text => string.IsNullOrEmpty(text) ? null : JsonValue.Create(text));

    /// <summary>yes or no; unsetting means no.</summary>
    public Patch Flag(JsonObject part, string member, Option<bool?> option)
    {
        if (session.Has(option))
            part[member] = session.Value(option) ?? true;
        unsets[option.Name.TrimStart('-')] = () => part[member] = false;
        return this;
    }

    /// <summary>yes or no, of the body itself.</summary>
    public Patch Flag(string member, Option<bool?> option) => Flag(Body, member, option);

    /// <summary>A list; an empty value unsets it.</summary>
    public Patch List(string member, Option<string[]> option)
    {
        if (session.Has(option))
        {
            Body[member] = Values.List(session.Value(option)) is { Count: > 0 } items
                ? new JsonArray([.. items.Select(item => JsonValue.Create(item))])
                : null;
        }

        unsets[option.Name.TrimStart('-')] = () => Body[member] = null;
        return this;
    }

    /// <summary>A moment.</summary>
    public Patch Moment(string member, Option<string?> option) =>
        Add(Body, member, option, text => Values.Moment(option.Name, text, session.Time) is { } moment ? JsonValue.Create(moment) : null);

    /// <summary>A member with a reading of its own.</summary>
    public Patch Custom(JsonObject part, string member, Option<string?> option, Func<string?, JsonNode?> read) => Add(part, member, option, read);

    /// <summary>Applies --unset; the last step.</summary>
    /// <exception cref="UsageException">A name is not one of this command's.</exception>
    public Patch Unset(Option<string[]> option)
    {
        foreach (var name in Values.List(session.Value(option)) ?? [])
        {
            if (!unsets.TryGetValue(name.TrimStart('-'), out var unset))
                throw new UsageException($"--unset: there is no '{name}'; names are {string.Join(", ", unsets.Keys)}.");
            unset();
        }

        return this;
    }

    private Patch Add(JsonObject part, string member, Option<string?> option, Func<string?, JsonNode?> read)
    {
        if (session.Has(option))
            part[member] = read(session.Value(option));
        unsets[option.Name.TrimStart('-')] = () => part[member] = null;
        return this;
    }
}

using System.Globalization;

namespace Granary.Silo.Commands;

/// <summary>
/// The server's command line: a role, then options. Options are read as <c>--name value</c> or <c>--name=value</c>.
/// Small on purpose: the client of the API is another program.
/// </summary>
internal sealed record CommandLine
{
    /// <summary>Given by <c>up --detach</c> to the process that it starts; not for people.</summary>
    public const string BackgroundFlag = "background";

    private static readonly Dictionary<string, (string[] Values, string[] Flags)> Roles = new()
    {
        ["up"] = (["data", "port", "silos"], ["detach", BackgroundFlag]),
        ["down"] = (["data"], []),
        ["serve"] = (["data", "port"], []),
        ["worker"] = (["data"], []),
        ["migrate"] = (["data"], []),
    };

    /// <summary><c>up</c>, <c>down</c>, <c>serve</c>, <c>worker</c>, <c>migrate</c>, <c>help</c> or <c>version</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Values of options that take one, by name without hyphens.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Options that take none.</summary>
    public IReadOnlySet<string> Flags { get; init; } = new HashSet<string>();

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="UsageException">They are wrong; the message says how.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0)
        {
            throw new UsageException("Say what to do; see `granary up --help`.");
        }

        if (arguments.Any(argument => argument is "--help" or "-h" or "-?" or "help"))
        {
            return new CommandLine { Role = "help" };
        }

        if (arguments[0] is "--version" or "version")
        {
            return new CommandLine { Role = "version" };
        }

        var role = arguments[0];
        if (!Roles.TryGetValue(role, out var known))
        {
            throw new UsageException($"There is no role '{role}'; use one of {string.Join(", ", Roles.Keys)}.");
        }

        var values = new Dictionary<string, string>();
        var flags = new HashSet<string>();
        for (var i = 1; i < arguments.Count; i++)
        {
            var (name, inline) = Split(arguments[i]);
            if (known.Flags.Contains(name) && inline is null)
            {
                flags.Add(name);
            }
            else if (!known.Values.Contains(name))
            {
                throw new UsageException($"'{role}' does not know '{arguments[i]}'; see `granary {role} --help`.");
            }
            else if (!values.TryAdd(name, inline ?? Next(arguments, ref i, name)))
            {
                throw new UsageException($"--{name} is given twice.");
            }
        }

        return new CommandLine { Role = role, Values = values, Flags = flags };
    }

    /// <summary>A whole number of at least 1.</summary>
    public int Count(string name, int fallback)
    {
        if (!Values.TryGetValue(name, out var text))
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
            ? number
            : throw new UsageException($"--{name} is '{text}': give a whole number from 1.");
    }

    private static (string Name, string? Inline) Split(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal))
        {
            return ("", null);
        }

        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument[2..], null) : (argument[2..equals], argument[(equals + 1)..]);
    }

    private static string Next(IReadOnlyList<string> arguments, ref int i, string name) =>
        ++i < arguments.Count ? arguments[i] : throw new UsageException($"--{name} needs a value.");
}

/// <summary>Wrong usage of the command; the message is for the person who typed it.</summary>
internal sealed class UsageException(string message) : Exception(message);

using System.Globalization;

namespace Granary.Silo.Configuration;

/// <summary>One setting as it is in force, for the log and the documents' test.</summary>
/// <param name="Name">Environment variable.</param>
/// <param name="Value">Value for people; a secret is never in it.</param>
/// <param name="Given">False where the default is used.</param>
/// <param name="IsSecret">True where the value may come from a file named by <c>NAME_FILE</c>.</param>
public sealed record EffectiveSetting(string Name, string Value, bool Given, bool IsSecret);

/// <summary>
/// Reads settings from environment variables, checks each, and collects every failure so that an operator repairs them in
/// one go. What is read here is by definition the list of all settings: docs/configuration.md is tested against it.
/// </summary>
/// <param name="variables">Environment, with command line options laid over it.</param>
public sealed class SettingSource(IReadOnlyDictionary<string, string> variables)
{
    private readonly List<string> _errors = [];
    private readonly List<EffectiveSetting> _effective = [];

    /// <summary>One sentence per failure: the setting, its value, and the fix.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Every setting that was read, in order.</summary>
    public IReadOnlyList<EffectiveSetting> Effective => _effective;

    /// <summary>Text; the default where it is absent or blank.</summary>
    public string Text(string name, string fallback) => Note(name, Given(name), fallback);

    /// <summary>Text that may be absent.</summary>
    public string? OptionalText(string name)
    {
        var given = Given(name);
        Note(name, given, "(none)");
        return given;
    }

    /// <summary>A whole number within bounds.</summary>
    public int Number(string name, int fallback, int least, int most)
    {
        var given = Given(name);
        Note(name, given, fallback.ToString(CultureInfo.InvariantCulture));
        if (given is null)
        {
            return fallback;
        }

        if (int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        Fail(name, given, $"give a whole number from {least} to {most}");
        return fallback;
    }

    /// <summary>A size in bytes, plain or with KiB, MiB, GiB, TiB.</summary>
    public long Size(string name, long fallback, long least)
    {
        var given = Given(name);
        Note(name, given, fallback.ToString(CultureInfo.InvariantCulture));
        if (given is null)
        {
            return fallback;
        }

        if (ByteSize.TryParse(given, out var value) && value >= least)
        {
            return value;
        }

        Fail(name, given, $"give a size of at least {ByteSize.Format(least)}, such as 256MiB");
        return fallback;
    }

    /// <summary>A time such as 90s, 30m, 24h or 7d.</summary>
    public TimeSpan Duration(string name, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        var given = Given(name);
        Note(name, given, Describe(fallback));
        if (given is null)
        {
            return fallback;
        }

        if (long.TryParse(given.AsSpan(0, given.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 1_000_000
            && given[^1] is var unit && unit is 's' or 'm' or 'h' or 'd')
        {
            var seconds = unit switch { 's' => 1, 'm' => 60, 'h' => 3_600, _ => 86_400 };
            var value = TimeSpan.FromSeconds(count * seconds);
            if (value >= least && value <= most)
            {
                return value;
            }
        }

        Fail(name, given, $"give a time from {Describe(least)} to {Describe(most)}, such as 90s, 30m, 24h or 7d");
        return fallback;
    }

    private static string Describe(TimeSpan time) => time.TotalSeconds switch
    {
        >= 86_400 when time.TotalDays % 1 == 0 && time.TotalDays > 1 => $"{time.TotalDays:0}d",
        >= 3_600 when time.TotalHours % 1 == 0 => $"{time.TotalHours:0}h",
        >= 60 when time.TotalMinutes % 1 == 0 => $"{time.TotalMinutes:0}m",
        _ => $"{time.TotalSeconds:0}s",
    };

    /// <summary>A list; empty where it is absent. Blanks around items are dropped.</summary>
    public IReadOnlyList<string> List(string name, char separator)
    {
        var given = Given(name);
        Note(name, given, "(none)");
        return given?.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
    }

    /// <summary>One of a few words.</summary>
    public string Word(string name, string fallback, params ReadOnlySpan<string> words)
    {
        var value = Text(name, fallback);
        foreach (var word in words)
        {
            if (string.Equals(word, value, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        Fail(name, value, $"give one of {string.Join(", ", words.ToArray())}");
        return fallback;
    }

    /// <summary>
    /// A secret: the variable itself, or the content of the file that <c>NAME_FILE</c> names, white space around it
    /// stripped (A6). Both at once is an error.
    /// </summary>
    public string? Secret(string name)
    {
        var direct = Given(name);
        var file = Given(name + "_FILE");
        _effective.Add(new EffectiveSetting(name, direct is null && file is null ? "(none)" : "(secret)", direct is not null || file is not null, IsSecret: true));
        if (file is null)
        {
            return direct;
        }

        if (direct is not null)
        {
            Fail(name + "_FILE", file, $"unset it or {name}; only one of them may be set");
            return direct;
        }

        try
        {
            var content = File.ReadAllText(file).Trim();
            if (content.Length > 0)
            {
                return content;
            }

            Fail(name + "_FILE", file, "put the secret into that file; it is empty");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Fail(name + "_FILE", file, "name a file that can be read");
        }

        return null;
    }

    /// <summary>Adds a failure that a rule over several settings found.</summary>
    public void Fail(string name, string value, string fix) => _errors.Add($"{name} is '{value}': {fix}.");

    private string? Given(string name) => variables.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    private string Note(string name, string? given, string fallback)
    {
        _effective.Add(new EffectiveSetting(name, given ?? fallback, given is not null, IsSecret: false));
        return given ?? fallback;
    }
}

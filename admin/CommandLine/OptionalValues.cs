namespace Granary.Admin.CommandLine;

/// <summary>
/// `--drain[=STORE]`, `--populate[=false]` and their like take a value only after an equals sign, as GNU options do:
/// otherwise `--drain SCOPE STORE` would take the scope for the value. The parser knows no such thing, so the bare form
/// gets its value here.
/// </summary>
internal static class OptionalValues
{
    private static readonly string[] Names = ["--drain", "--populate", "--read-only", "--write-only", "--instance-wide", "--force-path-style"];

    /// <summary>The arguments with a value at every such option; an empty one means no.</summary>
    public static IReadOnlyList<string> Join(IReadOnlyList<string> arguments)
    {
        var joined = new List<string>(arguments.Count);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument == "--")
            {
                joined.AddRange(arguments.Skip(i));
                break;
            }

            if (argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=') == argument.Length - 1)
            {
                // The parser takes `--quota=` for an option without its value.
                joined.AddRange(Names.Contains(argument[..^1]) ? [argument + "false"] : [argument[..^1], ""]);
                continue;
            }

            if (!Names.Contains(argument))
            {
                joined.Add(argument);
                continue;
            }

            var emptyFollows = i + 1 < arguments.Count && arguments[i + 1].Length == 0;
            joined.Add(argument + (emptyFollows ? "=false" : "=true"));
            i += emptyFollows ? 1 : 0;
        }

        return joined;
    }
}

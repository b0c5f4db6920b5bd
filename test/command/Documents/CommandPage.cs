using System.CommandLine;
using System.Text;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Command.Tests.Documents;

/// <summary>The page of commands, made from the commands themselves.</summary>
internal static class CommandPage
{
    public const string File = "docs/commands.md";

    private const string Start = """
        # Commands of `granary`

        Made from the commands themselves: `GRANARY_WRITE_DOCS=1 ./granary test --filter CommandPage` writes this page, and a
        test fails while it is out of date. `granary COMMAND --help` says the same. The server's own commands (`up`, `down`,
        `serve`, `worker`, `migrate`) describe themselves with `--help`; those of a checkout (`test`, `bench`, `servers`) are in
        [development.md](development.md).

        Data goes to stdout, talk to stderr. Sizes are given and shown as `64MiB`, `1.5GiB`. With `--json` every line of
        stdout is one object; a failure of the whole command is one object on stderr. In edits, what is not named stays, and
        `""` or `--unset NAME` unsets. A place is written `SCOPE:/PATH`; a target that ends in `/` is a folder.

        ## Where the server is

        `--url`, else `GRANARY_URL`, else the file `url` in the server's data folder. The key: `--token FILE`, else
        `GRANARY_TOKEN`, else the file that `GRANARY_TOKEN_FILE` names, else `operator.key` in the data folder, which is sent to
        that folder's server only. The data folder: `--data`, else `GRANARY_DATA`, else `data` beside the launcher.

        """;

    /// <summary>The page as it should be.</summary>
    public static string Make()
    {
        using var terminal = new Terminal(() => Stream.Null, Stream.Null, TextWriter.Null, false, false);
        var root = CommandTree.Build(new Runner(terminal, _ => null, TimeProvider.System), []);
        var page = new StringBuilder(Start.ReplaceLineEndings("\n"));
        page.Append("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
        foreach (var (code, meaning) in ExitCode.Meanings)
            page.Append($"| {code} | {meaning} |\n");
        page.Append("\n## Options of every command\n\n");
        AppendOptions(page, GlobalOptions.All);
        foreach (var command in root.Subcommands)
            Append(page, command, "granary", 2);
        return page.ToString();
    }

    private static void Append(StringBuilder page, System.CommandLine.Command command, string parent, int level)
    {
        var name = $"{parent} {command.Name}";
        page.Append($"\n{new string('#', level)} {name}\n\n{command.Description}.\n");
        if (command.Subcommands.Count == 0)
        {
            page.Append($"\n```\n{name}{string.Concat(command.Arguments.Select(Usage))}{(command.Options.Count > 0 ? " [options]" : "")}\n```\n\n");
            foreach (var argument in command.Arguments)
                page.Append($"- `{argument.HelpName ?? argument.Name}`: {argument.Description}\n");
            if (command.Arguments.Count > 0 && command.Options.Count > 0)
                page.Append('\n');
            AppendOptions(page, command.Options);
        }

        foreach (var inner in command.Subcommands)
            Append(page, inner, name, level + 1);
    }

    private static void AppendOptions(StringBuilder page, IEnumerable<Option> options)
    {
        var list = options.ToList();
        if (list.Count == 0)
            return;
        page.Append("| option | does |\n|---|---|\n");
        foreach (var option in list)
        {
            var names = string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name).Select(name => $"`{name}`"));
            var value = option.HelpName is { } help ? $" `{help.Replace("|", "\\|", StringComparison.Ordinal)}`" : "";
            page.Append($"| {names}{value} | {option.Description!.Replace("|", "\\|", StringComparison.Ordinal)}{(option.Required ? " (required)" : "")} |\n");
        }
    }

    private static string Usage(Argument argument)
    {
        var name = argument.HelpName ?? argument.Name;
        var many = argument.Arity.MaximumNumberOfValues > 1 && !name.Contains("...", StringComparison.Ordinal) ? "..." : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $" [{name}{many}]" : $" {name}{many}";
    }
}

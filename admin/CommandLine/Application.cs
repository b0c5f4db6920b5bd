using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Granary.Admin.Output;

namespace Granary.Admin.CommandLine;

/// <summary>The command line as a whole: reads the arguments, runs the command, gives the exit code.</summary>
internal sealed class Application(Terminal terminal, Func<string, string?> environment, TimeProvider time)
{
    /// <summary>Runs one command line.</summary>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var line = Parse(arguments);
        // Directives (completion) and help work on incomplete lines; everything else has to be right.
        if (line.Errors.Count > 0 && line.Action is null or ParseErrorAction)
            return Refuse(line);
        if (UnknownOption(line, arguments) is { } unknown)
        {
            terminal.Talk($"granary: there is no option '{unknown}'. A name that starts with - goes after --.");
            terminal.Talk($"  See '{string.Join(' ', Names(line.CommandResult.Command))} --help'.");
            return ExitCode.Usage;
        }

        var code = await line.InvokeAsync(
            new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Out,
                Error = terminal.Error,
            },
            cancellationToken);
        terminal.Flush();
        return code;
    }

    /// <summary>Parses without running.</summary>
    public ParseResult Parse(string[] arguments) =>
        CommandTree.Build(new Runner(terminal, environment, time), arguments).Parse(OptionalValues.Join(arguments));

    private int Refuse(ParseResult line)
    {
        var command = line.CommandResult.Command;
        if (line.UnmatchedTokens.Count == 0 && command.Subcommands.Count > 0)
        {
            // A noun without its verb: say which there are.
            Parse([.. Names(command).Skip(1), "--help"]).Invoke(new InvocationConfiguration { Output = terminal.Error });
            return ExitCode.Usage;
        }

        var unknown = command.Subcommands.Count > 0 && line.UnmatchedTokens is [var first, ..] && !first.StartsWith('-') ? first : null;
        if (unknown is not null)
            terminal.Talk($"granary: there is no command '{unknown}'.");
        else
            terminal.Talk("granary: " + string.Join("\n         ", line.Errors.Select(error => error.Message).Distinct()));
        terminal.Talk($"  See '{string.Join(' ', Names(command))} --help'.");
        return ExitCode.Usage;
    }

    // An argument that takes many values would take a mistyped option for one of them.
    private static string? UnknownOption(ParseResult line, string[] arguments) => arguments.Contains("--")
        ? null
        : line.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(result => result.Tokens)
            .Select(token => token.Value)
            .FirstOrDefault(value => value.Length > 1 && value[0] == '-');

    private static IEnumerable<string> Names(Command command) =>
        command is RootCommand ? ["granary"] : Names((Command)command.Parents.First()).Append(command.Name);
}

using System.CommandLine;

namespace Granary.Admin.CommandLine;

/// <summary>What a command does, given its session.</summary>
internal delegate Task<int> CommandBody(Session session, CancellationToken cancellationToken);

/// <summary>How commands are put together.</summary>
internal static class CommandExtensions
{
    /// <summary>Adds symbols in the order of the help page.</summary>
    public static Command With(this Command command, params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    command.Options.Add(option);
                    break;
                case Argument argument:
                    command.Arguments.Add(argument);
                    break;
                case Command inner:
                    command.Subcommands.Add(inner);
                    break;
            }
        }

        return command;
    }

    /// <summary>Says what the command does.</summary>
    public static Command Does(this Command command, Runner runner, CommandBody body)
    {
        command.SetAction((line, cancellationToken) => runner.RunAsync(line, body, cancellationToken));
        return command;
    }
}

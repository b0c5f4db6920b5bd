using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Granary.Admin.CommandLine;

/// <summary>Ends every help page with the exit codes; the root's also names the commands of the launcher and the server.</summary>
internal static class HelpWithExitCodes
{
    private const string ElsewhereCommands = """
        Commands of the launcher and the server:
          up, down                start and stop a server of your own
          serve, worker, migrate  run a server's roles
          restore FILE            restore a catalog backup while the server is stopped
          test, bench, servers    work on Granary itself (in a checkout)
        """;

    /// <summary>Replaces the root's help, which all commands share.</summary>
    public static void Install(RootCommand root)
    {
        // Its other names (/h, -?) belong to other systems, or are patterns to a shell.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Options.Add(new HelpOption("--help", "-h") { Action = new Action() });
    }

    private sealed class Action : SynchronousCommandLineAction
    {
        private readonly HelpAction help = new();

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            if (parseResult.CommandResult.Command is RootCommand)
                output.Write(ElsewhereCommands + "\n\n");
            output.Write("Exit codes:\n");
            foreach (var (code, meaning) in ExitCode.Meanings)
                output.Write($"  {code,3}  {meaning}\n");
            return ExitCode.Done;
        }
    }
}

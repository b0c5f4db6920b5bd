using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Completion;

/// <summary>completion SHELL: prints a script that completes commands, options and their values.</summary>
internal static class CompletionCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish; load with: source <(granary completion bash)", HelpName = "SHELL" };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.ByShell.Keys]);
        return new Command("completion", "Print a completion script for bash, zsh or fish")
            .With(shell)
            .Does(runner, (session, _) =>
            {
                session.Terminal.Data(CompletionScripts.ByShell[session.Value(shell)!]);
                return Task.FromResult(ExitCode.Done);
            });
    }
}

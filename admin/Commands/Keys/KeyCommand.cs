using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key: API keys of a tenant. A secret does not change; a lost one is replaced.</summary>
internal static class KeyCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("key", "API keys of a tenant").With(
        KeyCreateCommand.Create(runner), KeyListCommand.Create(runner), KeyShowCommand.Create(runner), KeyEditCommand.Create(runner), KeyDeleteCommand.Create(runner));
}

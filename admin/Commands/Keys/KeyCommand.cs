using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key: API keys of a tenant. A key does not change; it is replaced.</summary>
internal static class KeyCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("key", "API keys of a tenant").With(
        KeyCreateCommand.Create(runner), KeyListCommand.Create(runner), KeyShowCommand.Create(runner), KeyDeleteCommand.Create(runner));
}

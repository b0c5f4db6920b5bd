using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope: named collections of files, and the stores that hold their bytes.</summary>
internal static class ScopeCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("scope", "Collections of files, and the stores that hold their bytes").With(
        ScopeCreateCommand.Create(runner), ScopeListCommand.Create(runner), ScopeShowCommand.Create(runner), ScopeEditCommand.Create(runner),
        ScopeDeleteCommand.Create(runner), ScopeAttachCommand.Create(runner), ScopeEditStoreCommand.Create(runner), ScopeDetachCommand.Create(runner));
}

using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store delete STORE.</summary>
internal static class StoreDeleteCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = StoreOptions.Name();
        var (force, yes) = Deletion.Options("Delete also a store that holds chunks or is attached; its bytes are deleted in the background");
        return new Command("delete", "Delete a store that holds nothing")
            .With(name, force, yes)
            .Does(runner, (session, cancellationToken) => Deletion.RunAsync(
                session, "store", session.Value(name)!, StoreView.Target(session.Value(name)!), session.Value(force), session.Value(yes), cancellationToken));
    }
}

using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store show STORE.</summary>
internal static class StoreShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = StoreOptions.Name();
        return new Command("show", "Show a store: place, limits, usage, state; secrets are never shown")
            .With(name)
            .Does(runner, async (session, cancellationToken) =>
            {
                StoreView.Print(session, await session.Client.GetAsync<FileStore>(StoreView.Target(session.Value(name)!), cancellationToken));
                return ExitCode.Done;
            });
    }
}

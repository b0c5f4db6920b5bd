using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope edit-store SCOPE STORE: changes priorities and policy.</summary>
internal static class ScopeEditStoreCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var (scope, store, options) = (ScopeOptions.Name(), AttachmentOptions.Store(), new AttachmentOptions());
        return new Command("edit-store", "Change how a scope uses a store; what is not named stays, \"\" unsets")
            .With(scope, store)
            .With(options.All)
            .Does(runner, async (session, cancellationToken) =>
            {
                await session.Client.PatchAsync<Attachment>(
                    ScopeView.Target(session.Value(scope)!, session.Value(store)!), options.Body(session), cancellationToken);
                ScopeView.Print(session, await session.Client.GetAsync<Scope>(ScopeView.Target(session.Value(scope)!), cancellationToken));
                return ExitCode.Done;
            });
    }
}

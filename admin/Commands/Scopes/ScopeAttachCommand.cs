using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope attach SCOPE STORE.</summary>
internal static class ScopeAttachCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var (scope, store, options) = (ScopeOptions.Name(), AttachmentOptions.Store(), new AttachmentOptions());
        return new Command("attach", "Let a scope use a store")
            .With(scope, store)
            .With(options.All)
            .Does(runner, async (session, cancellationToken) =>
            {
                session.IfNotFound = $"'granary scope list' and 'granary store list' name what there is; an operator lets a tenant use a store with 'granary tenant edit TENANT --add-store {session.Value(store)}'.";
                var body = options.Body(session);
                body["policy"] ??= new JsonObject();
                await session.Client.SendAsync<JsonObject, Attachment>(
                    HttpMethod.Put, ScopeView.Target(session.Value(scope)!, session.Value(store)!), body, cancellationToken);
                ScopeView.Print(session, await session.Client.GetAsync<Scope>(ScopeView.Target(session.Value(scope)!), cancellationToken));
                return ExitCode.Done;
            });
    }
}

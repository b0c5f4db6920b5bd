using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope create SCOPE.</summary>
internal static class ScopeCreateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = ScopeOptions.Name();
        var options = new ScopeOptions();
        return new Command("create", "Make a scope; store 'local' is attached to it where the tenant may use it")
            .With(name, options.Quota, options.KeepVersions, options.KeepDays, options.LegalHold)
            .Does(runner, async (session, cancellationToken) =>
            {
                var request = new CreateScope(
                    session.Value(name)!,
                    Values.Size("--quota", session.Value(options.Quota)),
                    Values.Number("--keep-versions", session.Value(options.KeepVersions)),
                    Values.Number("--keep-days", session.Value(options.KeepDays)),
                    session.Has(options.LegalHold) ? session.Value(options.LegalHold) ?? true : null);
                var scope = await session.Client.SendAsync<CreateScope, Scope>(HttpMethod.Post, "/api/v1/scopes", request, cancellationToken)
                    ?? await session.Client.GetAsync<Scope>(ScopeView.Target(request.Name), cancellationToken);
                ScopeView.Print(session, scope);
                ScopeView.Warn(session, scope);
                return ExitCode.Done;
            });
    }
}

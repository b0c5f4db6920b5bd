using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>scope edit SCOPE: changes limits, retention and legal hold.</summary>
internal static class ScopeEditCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = ScopeOptions.Name();
        var options = new ScopeOptions();
        var unset = Patch.UnsetOption("quota, keep-versions, keep-days, legal-hold");
        return new Command("edit", "Change a scope; what is not named stays, \"\" unsets")
            .With(name, options.Quota, options.KeepVersions, options.KeepDays, options.LegalHold, unset)
            .Does(runner, async (session, cancellationToken) =>
            {
                var patch = new Patch(session)
                    .Size("quotaBytes", options.Quota)
                    .Number("keepVersions", options.KeepVersions)
                    .Number("keepDays", options.KeepDays)
                    .Flag("legalHold", options.LegalHold)
                    .Unset(unset);
                var target = ScopeView.Target(session.Value(name)!);
                ScopeView.Print(session, await session.Client.PatchAsync<Scope>(target, patch.Body, cancellationToken)
                    ?? await session.Client.GetAsync<Scope>(target, cancellationToken));
                return ExitCode.Done;
            });
    }
}

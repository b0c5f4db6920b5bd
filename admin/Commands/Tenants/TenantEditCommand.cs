using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant edit NAME.</summary>
internal static class TenantEditCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = TenantOptions.Name();
        var options = new TenantOptions();
        var add = TenantOptions.Stores("--add-store", "Let its scopes use a store (repeatable, or with commas)");
        var remove = TenantOptions.Stores("--remove-store", "Take a store back (repeatable, or with commas)");
        var unset = Patch.UnsetOption("quota, max-file-size, requests-per-minute");
        return new Command("edit", "Change a tenant; what is not named stays, \"\" unsets")
            .With(name, options.Quota, options.MaxFileSize, options.RequestsPerMinute, add, remove, unset)
            .Does(runner, async (session, cancellationToken) =>
            {
                var target = TenantView.Target(session.Value(name)!);
                var patch = new Patch(session)
                    .Size("quotaBytes", options.Quota)
                    .Size("maxFileBytes", options.MaxFileSize)
                    .Number("requestsPerMinute", options.RequestsPerMinute)
                    .Unset(unset);
                var (added, removed) = (Values.List(session.Value(add)) ?? [], Values.List(session.Value(remove)) ?? []);
                if (added.Count + removed.Count > 0)
                {
                    var now = (await session.Client.GetAsync<Tenant>(target, cancellationToken)).Stores ?? [];
                    patch.Body["stores"] = new JsonArray([.. now.Union(added).Except(removed).Select(store => JsonValue.Create(store))]);
                }

                TenantView.Print(session, await session.Client.PatchAsync<Tenant>(target, patch.Body, cancellationToken)
                    ?? await session.Client.GetAsync<Tenant>(target, cancellationToken));
                return ExitCode.Done;
            });
    }
}

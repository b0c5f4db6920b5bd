using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>tenant create NAME.</summary>
internal static class TenantCreateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = TenantOptions.Name();
        var options = new TenantOptions();
        var stores = TenantOptions.Stores("--store", "A store that its scopes may use (repeatable, or with commas)");
        return new Command("create", "Make a tenant")
            .With(name, options.Quota, options.MaxFileSize, options.RequestsPerMinute, stores)
            .Does(runner, async (session, cancellationToken) =>
            {
                var request = new CreateTenant(
                    session.Value(name)!,
                    Values.Size("--quota", session.Value(options.Quota)),
                    Values.Size("--max-file-size", session.Value(options.MaxFileSize)),
                    Values.Number("--requests-per-minute", session.Value(options.RequestsPerMinute)),
                    Values.List(session.Value(stores)) ?? []);
                TenantView.Print(session, await session.Client.SendAsync<CreateTenant, Tenant>(HttpMethod.Post, TenantView.Root, request, cancellationToken)
                    ?? await session.Client.GetAsync<Tenant>(TenantView.Target(request.Name), cancellationToken));
                session.Say($"Make a scope in it with 'granary --tenant {request.Name} scope create SCOPE', a key with 'granary --tenant {request.Name} key create NAME --rights read,write'.");
                return ExitCode.Done;
            });
    }
}

using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Tenants;

/// <summary>How tenants look.</summary>
internal static class TenantView
{
    /// <summary>The list of tenants.</summary>
    public const string Root = "/api/v1/tenants";

    /// <summary>Where a tenant is.</summary>
    public static string Target(string tenant) => $"{Root}/{RequestTarget.Segment(tenant)}";

    /// <summary>A list of tenants.</summary>
    public static Table<Tenant> List(Show show) => new(
        new Column<Tenant>("TENANT", tenant => tenant.Name),
        new Column<Tenant>("LOGICAL", tenant => show.Size(tenant.LogicalBytes), Right: true),
        new Column<Tenant>("QUOTA", tenant => show.Size(tenant.QuotaBytes), Right: true),
        new Column<Tenant>("MAX FILE", tenant => show.Size(tenant.MaxFileBytes), Right: true),
        new Column<Tenant>("REQUESTS/MIN", tenant => Show.Number(tenant.RequestsPerMinute), Right: true),
        new Column<Tenant>("STORES", tenant => Show.List(tenant.Stores)));

    /// <summary>Prints one tenant.</summary>
    public static void Print(Session session, Tenant tenant) => session.Printer.Record(
        tenant,
        ("tenant", tenant.Name),
        ("logical", session.Show.Size(tenant.LogicalBytes)),
        ("reserved", session.Show.Size(tenant.ReservedBytes)),
        ("quota", session.Show.Size(tenant.QuotaBytes)),
        ("max file size", session.Show.Size(tenant.MaxFileBytes)),
        ("requests per minute", Show.Number(tenant.RequestsPerMinute)),
        ("stores it may attach", Show.List(tenant.Stores)));
}

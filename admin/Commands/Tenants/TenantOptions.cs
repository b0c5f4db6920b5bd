using System.CommandLine;

namespace Granary.Admin.Commands.Tenants;

/// <summary>Arguments and options of the commands on tenants.</summary>
internal sealed class TenantOptions
{
    /// <summary>Most logical bytes.</summary>
    public Option<string?> Quota { get; } = new("--quota") { Description = "Most logical bytes in all scopes together", HelpName = "SIZE" };

    /// <summary>Most bytes of one file.</summary>
    public Option<string?> MaxFileSize { get; } = new("--max-file-size") { Description = "Most bytes of one file", HelpName = "SIZE" };

    /// <summary>Request rate.</summary>
    public Option<string?> RequestsPerMinute { get; } = new("--requests-per-minute") { Description = "Most requests in a minute", HelpName = "N" };

    /// <summary>The name of a tenant.</summary>
    public static Argument<string> Name() => new("tenant") { Description = "Name of the tenant", HelpName = "NAME" };

    /// <summary>An option that takes names of stores, with commas or repeatedly.</summary>
    public static Option<string[]> Stores(string name, string description) => new(name) { Description = description, HelpName = "STORE", Arity = ArgumentArity.OneOrMore };
}

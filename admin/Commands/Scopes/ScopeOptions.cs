using System.CommandLine;

namespace Granary.Admin.Commands.Scopes;

/// <summary>Arguments and options of the commands on scopes.</summary>
internal sealed class ScopeOptions
{
    /// <summary>The limits, as create and edit have them.</summary>
    public Option<string?> Quota { get; } = new("--quota") { Description = "Most logical bytes of kept versions and open uploads", HelpName = "SIZE" };

    /// <summary>How many versions of a file are kept.</summary>
    public Option<string?> KeepVersions { get; } = new("--keep-versions") { Description = "How many versions of a file are kept [server's default: 1]", HelpName = "N" };

    /// <summary>For how long versions are kept.</summary>
    public Option<string?> KeepDays { get; } = new("--keep-days") { Description = "For how many days earlier versions are kept", HelpName = "N" };

    /// <summary>Legal hold on everything in the scope.</summary>
    public Option<bool?> LegalHold { get; } = new("--legal-hold") { Description = "Remove no version, no file and not the scope itself; --legal-hold=false ends it" };

    /// <summary>The name of a scope.</summary>
    public static Argument<string> Name() => new("scope") { Description = "Name of the scope", HelpName = "SCOPE" };
}

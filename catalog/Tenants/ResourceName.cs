using System.Text.RegularExpressions;

namespace Granary.Catalog;

/// <summary>Names of tenants, scopes and stores (http-api, Names).</summary>
public static partial class ResourceName
{
    /// <summary>The rule in one sentence.</summary>
    public const string Rule = "A name has 1 to 63 characters of a-z, 0-9 and '-', and does not begin with '-'.";

    /// <summary>Whether a text is such a name.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    // \z: a trailing newline is no part of a name.
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

using System.Reflection;

namespace Granary.Silo.Hosting;

/// <summary>Says what this process runs, for the cluster view and the logs.</summary>
public static class RuntimeIdentity
{
    /// <summary>Version of the product, without the commit that follows a plus.</summary>
    public static string ProductVersion { get; } = VersionOf(typeof(RuntimeIdentity).Assembly);

    /// <summary>What the grains run on: read from the assembly that holds <see cref="Grain"/>, whichever it is.</summary>
    public static string Runtime { get; } = Describe(typeof(Grain).Assembly);

    /// <summary>Orleans' own assemblies are named Orleans.*; a stand-in has another name.</summary>
    internal static string Describe(Assembly assembly)
    {
        var name = assembly.GetName().Name ?? "";
        return name.StartsWith("Orleans.", StringComparison.Ordinal)
            ? $"Orleans {VersionOf(assembly)}"
            : $"Orleans stand-in ({name} {VersionOf(assembly)})";
    }

    private static string VersionOf(Assembly assembly)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "?";
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? version : version[..plus];
    }
}

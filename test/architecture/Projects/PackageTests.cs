using System.Xml.Linq;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Projects;

/// <summary>Versions are stated once, and sources of packages nowhere (docs/adr/0001-two-feeds.md).</summary>
public sealed class PackageTests
{
    [Fact]
    public void Package_versions_are_stated_centrally_only()
    {
        Findings.None("Package references with a version of their own", ProjectFile.All.SelectMany(project => project.Packages
            .Where(package => package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null
                || package.Element("Version") is not null)
            .Select(package => $"{project.File}: {package.Attribute("Include")?.Value}")));
    }

    [Fact]
    public void Every_referenced_package_has_a_central_version()
    {
        var central = XDocument.Parse(Checkout.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(version => (string?)version.Attribute("Include"))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        Findings.None("Packages without a version in Directory.Packages.props", ProjectFile.All.SelectMany(project => project.Packages
            .Select(package => (string?)package.Attribute("Include"))
            .Where(name => name is not null && !central.Contains(name))
            .Select(name => $"{project.File}: {name}")));
    }

    [Fact]
    public void NuGet_config_names_no_package_source()
    {
        var root = XDocument.Parse(Checkout.Read("NuGet.config")).Root!;

        // The machine's own sources are inherited, whatever a company calls them.
        Assert.All(root.Elements(), element => Assert.Contains(element.Name.LocalName, (string[])["config", "packageRestore"]));
    }
}

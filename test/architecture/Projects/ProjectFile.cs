using System.Xml.Linq;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Projects;

/// <summary>A csproj of the checkout, as text: what it references, and what it says of itself.</summary>
internal sealed class ProjectFile
{
    private readonly XDocument _document;

    private ProjectFile(string file)
    {
        File = file;
        Folder = file[..file.LastIndexOf('/')];
        _document = XDocument.Parse(Checkout.Read(file));
    }

    /// <summary>Path from the root, with forward slashes.</summary>
    public string File { get; }

    /// <summary>Its folder, which is its name in the table of allowed references.</summary>
    public string Folder { get; }

    /// <summary>Folders of the projects that it references.</summary>
    public IReadOnlyList<string> References => _document.Descendants("ProjectReference")
        .Select(reference => Resolve((string?)reference.Attribute("Include") ?? ""))
        .ToArray();

    /// <summary>Package references with their attributes.</summary>
    public IReadOnlyList<XElement> Packages => _document.Descendants("PackageReference").ToArray();

    public static IReadOnlyList<ProjectFile> All { get; } = Checkout.FilesOf(".csproj").Select(file => new ProjectFile(file)).ToArray();

    /// <summary>The value of a property, or null where the file does not state it.</summary>
    public string? Property(string name) => _document.Descendants(name).FirstOrDefault()?.Value;

    private string Resolve(string include)
    {
        var full = Path.GetFullPath(Path.Combine(Checkout.Root, Folder, include.Replace('\\', '/')));
        var relative = Path.GetRelativePath(Checkout.Root, full).Replace('\\', '/');
        return relative[..relative.LastIndexOf('/')];
    }
}

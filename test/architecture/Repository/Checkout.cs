namespace Granary.Architecture.Tests.Repository;

/// <summary>The checkout that these tests were built from, seen as files: what they assert is text, not behaviour.</summary>
internal static class Checkout
{
    // Output, state and tools' folders: not part of the product wherever they are.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "bin", "obj", ".git", ".feed", "artifacts", "TestResults", ".vs", ".idea", ".vscode", "node_modules",
    };

    /// <summary>The folder that holds Orleans.sln.</summary>
    public static string Root => TestSupport.Repository.Root;

    /// <summary>
    /// Folders whose C# is the product. A file outside them (tests, benchmarks) may do what the product must not.
    /// </summary>
    public static IReadOnlyList<string> ProductFolders { get; } =
        ["grain-interfaces", "stores", "catalog", "grains", "client-api", "silo", "admin", "compat"];

    /// <summary>Every file of the checkout, as a path from the root with forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } = Walk(new DirectoryInfo(Root), "").Order(StringComparer.Ordinal).ToArray();

    /// <summary>Files that end in <paramref name="extension"/>, below one of <paramref name="folders"/> or anywhere.</summary>
    public static IEnumerable<string> FilesOf(string extension, params IEnumerable<string> folders)
    {
        var list = folders.ToArray();
        return Files.Where(file => file.EndsWith(extension, StringComparison.Ordinal)
            && (list.Length == 0 || list.Any(folder => file.StartsWith(folder + "/", StringComparison.Ordinal))));
    }

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] ReadLines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static IEnumerable<string> Walk(DirectoryInfo folder, string prefix)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            yield return prefix + file.Name;
        }

        foreach (var child in folder.EnumerateDirectories())
        {
            // The embedded server's default data lies beside the launcher.
            if (Ignored.Contains(child.Name) || (prefix.Length == 0 && child.Name == "data") || child.LinkTarget is not null)
            {
                continue;
            }

            foreach (var file in Walk(child, prefix + child.Name + "/"))
            {
                yield return file;
            }
        }
    }
}

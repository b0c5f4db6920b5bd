namespace Granary.Stores;

/// <summary>Reads and judges the configuration of a <c>local</c> store.</summary>
internal static class LocalStoreConfigReader
{
    private const int MaxPathBytes = 1024;

    /// <summary>Reads it; without rules only its form is judged, which is what a stored configuration gets.</summary>
    public static ChunkStoreConfigResult Read(ConfigReader reader, ChunkStoreRules? rules)
    {
        var path = reader.Text("path", required: true);
        var silo = reader.Text("silo");
        if (silo is { Length: > 64 })
            reader.Fail("silo", "The silo's name has at most 64 characters.");
        if (path is not null)
        {
            path = Normalize(reader, path);
            if (path is not null && rules is not null)
                Judge(reader, path, rules);
        }

        reader.RefuseUnknown(LocalStoreConfig.Kind);
        return path is null || reader.Failures.Count > 0
            ? new(null, null, reader.Failures)
            : new(new LocalStoreConfig { Path = path, Silo = silo }, null, []);
    }

    private static string? Normalize(ConfigReader reader, string path)
    {
        if (!path.StartsWith('/'))
        {
            reader.Fail("path", "The path must be absolute.");
            return null;
        }

        if (path.Split('/').Any(part => part is "." or ".."))
        {
            reader.Fail("path", "The path must not hold \".\" or \"..\".");
            return null;
        }

        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            reader.Fail("path", $"The path has at most {MaxPathBytes} bytes.");
            return null;
        }

        return "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Judge(ConfigReader reader, string path, ChunkStoreRules rules)
    {
        if (rules.LocalRoots.Count == 0)
        {
            reader.Fail("path", "This server allows no local stores: no root for them is configured.");
        }
        else if (!rules.LocalRoots.Any(root => IsWithin(path, root)))
        {
            reader.Fail("path", $"The path must lie under one of: {string.Join(", ", rules.LocalRoots)}.");
        }
        else if (!Directory.Exists(path))
        {
            reader.Fail("path", "The directory does not exist on this machine; create it first.");
        }
        else if (!rules.LocalRoots.Any(root => IsWithin(RealPath(path), RealPath(root))))
        {
            reader.Fail("path", $"The path leads through a link to a place outside of: {string.Join(", ", rules.LocalRoots)}.");
        }
    }

    private static bool IsWithin(string path, string root)
    {
        root = root.TrimEnd('/');
        return path == root || (path.StartsWith(root, StringComparison.Ordinal) && path[root.Length] == '/');
    }

    private static string RealPath(string path) => Posix.RealPath(path) ?? path;
}

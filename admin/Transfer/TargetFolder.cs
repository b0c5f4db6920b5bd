using System.Collections.Concurrent;

namespace Granary.Admin.Transfer;

/// <summary>
/// The folder that `get -r` writes to. Paths become files below it and nowhere else: odd segments are refused, and
/// nothing is written through a symbolic link that lies inside.
/// </summary>
internal sealed class TargetFolder(string root)
{
    private readonly ConcurrentDictionary<string, bool> known = new(StringComparer.Ordinal);
    private readonly string root = Path.GetFullPath(root);

    /// <summary>The file that a relative path stands for; the folders above it are made.</summary>
    /// <exception cref="LocalFileException">The path cannot be a file here.</exception>
    public string Prepare(string relative)
    {
        var segments = relative.Split('/');
        foreach (var segment in segments)
        {
            if (segment is "" or "." or ".." || segment.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
                throw new LocalFileException($"'{relative}' cannot be the name of a file here.");
        }

        var folder = root;
        EnsureRoot();
        foreach (var segment in segments[..^1])
        {
            folder = Path.Combine(folder, segment);
            EnsureFolder(folder);
        }

        var file = Path.Combine(folder, segments[^1]);
        if (Directory.Exists(file) && new DirectoryInfo(file).LinkTarget is null)
            throw new LocalFileException($"'{file}' is a folder here, and a file in Granary.");
        return file;
    }

    private void EnsureRoot()
    {
        if (known.ContainsKey(root))
            return;
        Make(root);
        known[root] = true;
    }

    private void EnsureFolder(string folder)
    {
        if (known.ContainsKey(folder))
            return;
        var info = new DirectoryInfo(folder);
        if (info.LinkTarget is not null)
            throw new LocalFileException($"'{folder}' is a symbolic link; nothing is written through it.");
        if (File.Exists(folder))
            throw new LocalFileException($"'{folder}' is a file here, and a folder in Granary.");
        Make(folder);
        known[folder] = true;
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException($"the folder '{folder}' cannot be made: {error.Message}", error);
        }
    }
}

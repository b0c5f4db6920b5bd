namespace Granary.Admin.Transfer;

/// <summary>One thing found on disk: a file to send, or a line that says why it is not sent.</summary>
/// <param name="Path">Where it is on this machine.</param>
/// <param name="Relative">Its path below the folder that was walked, with slashes.</param>
/// <param name="Size">Bytes, as listed.</param>
/// <param name="Skipped">Why it is left out, or null.</param>
internal sealed record LocalEntry(string Path, string Relative, long Size, string? Skipped = null);

/// <summary>
/// Walks a folder as `put -r` sees it: regular files, hidden ones too. Symbolic links, names that are not UTF-8, and
/// what is neither file nor folder are named and left out; so is a folder that cannot be read. Empty folders are nothing.
/// </summary>
internal static class LocalTree
{
    private const char Replacement = '\uFFFD';

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        MatchType = MatchType.Simple,
        ReturnSpecialDirectories = false,
    };

    /// <summary>All entries below <paramref name="folder"/>, folders one after the other.</summary>
    public static IEnumerable<LocalEntry> Walk(string folder)
    {
        var pending = new Stack<(DirectoryInfo Folder, string Prefix)>();
        pending.Push((new DirectoryInfo(folder), ""));
        while (pending.TryPop(out var next))
        {
            var (entries, failure) = List(next.Folder);
            if (failure is not null)
                yield return new LocalEntry(next.Folder.FullName, next.Prefix.TrimEnd('/'), 0, $"the folder cannot be read: {failure}");
            var folders = new List<(DirectoryInfo, string)>();
            foreach (var entry in entries)
            {
                var relative = next.Prefix + entry.Name;
                if (Obstacle(entry) is { } reason)
                    yield return new LocalEntry(entry.FullName, relative, 0, reason);
                else if (entry is DirectoryInfo inner)
                    folders.Add((inner, relative + "/"));
                else
                    yield return new LocalEntry(entry.FullName, relative, ((FileInfo)entry).Length);
            }

            // The last one pushed is walked first.
            folders.Reverse();
            folders.ForEach(pending.Push);
        }
    }

    private static (List<FileSystemInfo> Entries, string? Failure) List(DirectoryInfo folder)
    {
        var entries = new List<FileSystemInfo>();
        try
        {
            entries.AddRange(folder.EnumerateFileSystemInfos("*", Everything));
            entries.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
            return (entries, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (entries, error.Message);
        }
    }

    private static string? Obstacle(FileSystemInfo entry)
    {
        // The runtime decodes names as UTF-8 and puts U+FFFD for what is not. A name that really holds U+FFFD leads back
        // to the entry; a mangled one leads nowhere.
        if (entry.Name.Contains(Replacement) && !Path.Exists(entry.FullName) && entry.LinkTarget is null)
            return "its name is not UTF-8";
        try
        {
            if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                return "it is a symbolic link";
            // Pipes, sockets and devices show a length of 0; opening a pipe would wait for its writer for ever.
            if (entry is FileInfo { Length: 0 } file && FileKind.IsSpecial(file.FullName))
                return "it is neither a file nor a folder";
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }
}

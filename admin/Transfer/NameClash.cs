namespace Granary.Admin.Transfer;

/// <summary>
/// Finds, in a listing, files that lie inside another file: `a` and `a/b` are both good paths in Granary and cannot both
/// be on a disk. Relies on the order of listings: whatever starts with a path comes after it, without a gap.
/// </summary>
internal sealed class NameClash
{
    private readonly Stack<string> open = new();

    /// <summary>The file that makes <paramref name="path"/> impossible, or null. Call in the order of the listing.</summary>
    public string? Next(string path)
    {
        while (open.TryPeek(out var top) && !path.StartsWith(top, StringComparison.Ordinal))
            open.Pop();
        var clash = open.FirstOrDefault(file => path[file.Length..].StartsWith('/'));
        if (clash is null)
            open.Push(path);
        return clash;
    }
}

using System.Buffers;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Paths;

/// <summary>
/// A place in Granary, written SCOPE:/PATH. The path is kept without its leading slash; it is a file's path, the prefix
/// of a folder when it ends in a slash, or empty for the whole scope. Whether a path is allowed is the server's to say.
/// </summary>
internal readonly record struct RemotePath(string Scope, string Path)
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Whether it can only mean a folder: the scope itself, or a path that ends in a slash.</summary>
    public bool IsFolder => Path.Length == 0 || Path.EndsWith('/');

    /// <summary>The last segment of the path.</summary>
    public string Name => Path.TrimEnd('/') is var trimmed ? trimmed[(trimmed.LastIndexOf('/') + 1)..] : "";

    /// <summary>The path as the prefix of everything inside: empty, or with a slash at its end.</summary>
    public string FolderPrefix => IsFolder ? Path : Path + "/";

    /// <summary>Reads SCOPE:/PATH.</summary>
    public static bool TryParse(string text, out RemotePath path)
    {
        path = default;
        var colon = text.IndexOf(':');
        if (colon <= 0 || !IsName(text.AsSpan(0, colon)))
            return false;
        var rest = text[(colon + 1)..];
        path = new RemotePath(text[..colon], rest.StartsWith('/') ? rest[1..] : rest);
        return true;
    }

    /// <summary>Reads SCOPE:/PATH.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public static RemotePath Parse(string text) => TryParse(text, out var path)
        ? path
        : throw new UsageException($"'{text}' is not a place in Granary; write SCOPE:/PATH, as in main:/photos/cat.jpg.");

    /// <summary>Names of scopes, stores and tenants: [a-z0-9][a-z0-9-]{0,62} (http-api, Names).</summary>
    public static bool IsName(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= 63 && name[0] != '-' && !name.ContainsAnyExcept(NameCharacters);

    /// <summary>The place of <paramref name="relative"/> inside this folder.</summary>
    public RemotePath Inside(string relative) => this with { Path = FolderPrefix + relative };

    /// <inheritdoc />
    public override string ToString() => $"{Scope}:/{Path}";

    /// <summary>Order of names in listings: by their UTF-8 bytes.</summary>
    public static int CompareBytes(string left, string right)
    {
        // UTF-16 order differs from UTF-8 order only where a surrogate meets a character from U+E000 on.
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a != b)
                return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
        }

        return left.Length.CompareTo(right.Length);
    }
}

using System.Security.Cryptography;

namespace Granary.Command.Tests.Servers;

/// <summary>Folders of files to send, and how two of them are compared.</summary>
internal static class Trees
{
    /// <summary>What people call files.</summary>
    public static readonly string[] OddNames =
    [
        "plain.txt", "with space.txt", "quo\"te.txt", "it's.txt", "new\nline.txt", "tab\t.txt", "ünïcode-日本-𝄞.txt", "percent%2Fand%20.txt",
        "back\\slash.txt", "-dash.txt", "semi;colon&amp=1?query#hash.txt", "plus+plus.txt", "co:lon.txt", ".hidden", "UPPER.txt", "upper.txt",
        "trailing.", "~tilde", "e\u0301-decomposed.txt", "\u00e9-composed.txt", "...", "a b/c d/..e/f.txt", ".git/config",
    ];

    /// <summary>Path, content and time of everything in a folder.</summary>
    public static SortedDictionary<string, string> Describe(string folder)
    {
        var description = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = true }))
            description[Path.GetRelativePath(folder, file.FullName)] = $"{file.Length} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))} {file.LastWriteTimeUtc:O}";
        return description;
    }

    /// <summary>Fails with the files that differ.</summary>
    public static void AssertSame(string expected, string actual)
    {
        var (left, right) = (Describe(expected), Describe(actual));
        Assert.Equal([], left.Keys.Union(right.Keys).Where(file => left.GetValueOrDefault(file) != right.GetValueOrDefault(file))
            .Select(file => $"{file}: {left.GetValueOrDefault(file) ?? "(none)"} but {right.GetValueOrDefault(file) ?? "(none)"}"));
    }

    /// <summary>Writes odd names with different contents and times; some contents are equal, some empty.</summary>
    public static void WriteOdd(Files folder, string root)
    {
        for (var i = 0; i < OddNames.Length; i++)
        {
            var file = folder.Write(Path.Combine(root, OddNames[i]), i % 5 == 0 ? "" : $"content {i % 7}");
            File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddDays(i).AddTicks(1234567 + i));
        }
    }

    /// <summary>Bytes that do not repeat, always the same for a seed.</summary>
    public static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        Span<byte> block = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> counter = stackalloc byte[8];
        for (var at = 0; at < length; at += block.Length)
        {
            BitConverter.TryWriteBytes(counter, ((long)seed << 32) + at);
            SHA256.HashData(counter, block);
            block[..Math.Min(block.Length, length - at)].CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }
}

using System.Globalization;

namespace Granary.Admin.Transfer.Sessions;

/// <summary>
/// What tells a file apart from what it was at another time: length, time of its last write, and the file system's own number
/// of it (its path where there is none).
/// </summary>
/// <param name="Length">Bytes.</param>
/// <param name="Modified">Last write, to the 100 ns.</param>
/// <param name="Number">Device and inode, or the full path.</param>
internal sealed record FileIdentity(long Length, DateTime Modified, string Number)
{
    /// <summary>The identity of a file as it is now.</summary>
    /// <exception cref="LocalFileException">It cannot be looked at.</exception>
    public static FileIdentity Of(string file)
    {
        try
        {
            var info = new FileInfo(file);
            return new FileIdentity(info.Length, info.LastWriteTimeUtc, FileKind.NumberOf(file) ?? info.FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Length} {Modified.Ticks} {Number}");
}

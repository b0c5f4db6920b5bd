using System.Globalization;
using System.Text;
using Granary.Silo.Processes;

namespace Granary.Silo.Data;

/// <summary>
/// The data folder of an installation, held by one process at a time: a file lock that dies with the process decides,
/// and <c>silo.pid</c> and <c>url</c> tell others what holds it and where it answers.
/// </summary>
public sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Public = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Root = path;
        _lock = held;
    }

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    /// <summary>File that holds the address of the running server.</summary>
    public static string UrlFile(string root) => Path.Combine(root, "url");

    /// <summary>File that holds the process id and start time of the running server.</summary>
    public static string PidFile(string root) => Path.Combine(root, "silo.pid");

    /// <summary>Log of a server that runs in the background.</summary>
    public static string LogFile(string root) => Path.Combine(root, "log", "silo.log");

    /// <summary>File that holds the operator's key.</summary>
    public static string OperatorKeyFile(string root) => Path.Combine(root, "operator.key");

    /// <summary>File that holds the key for store secrets.</summary>
    public static string EncryptionKeyFile(string root) => Path.Combine(root, "encryption.key");

    /// <summary>Makes the folder where needed (0700) and takes its lock.</summary>
    /// <exception cref="DataFolderInUseException">Another process holds it.</exception>
    public static DataFolder Open(string root)
    {
        root = Path.GetFullPath(root);
        Directory.CreateDirectory(root, OwnerFolder);
        var held = TryLock(root, FileMode.OpenOrCreate) ?? throw new DataFolderInUseException(root, ReadHolder(root), ReadUrl(root));
        var folder = new DataFolder(root, held);
        folder.RemoveAnnouncement();
        WriteWhole(PidFile(root), ProcessIdentity.Current().ToString(), Public);
        return folder;
    }

    /// <summary>True while some process holds the folder's lock.</summary>
    public static bool IsHeld(string root)
    {
        root = Path.GetFullPath(root);
        if (!File.Exists(LockFile(root)))
        {
            return false;
        }

        using var held = TryLock(root, FileMode.Open);
        return held is null;
    }

    /// <summary>The process that wrote <c>silo.pid</c>, where it still lives; null otherwise.</summary>
    public static ProcessIdentity? ReadHolder(string root) =>
        ReadText(PidFile(root)) is { } text && ProcessIdentity.TryParse(text, out var identity) && identity.IsAlive ? identity : null;

    /// <summary>Where the running server answers, as it wrote it; null when it wrote nothing yet.</summary>
    public static string? ReadUrl(string root) => ReadText(UrlFile(root));

    /// <summary>Says where the server answers. Readers see the old or the new content, never half.</summary>
    public void Announce(string url) => WriteWhole(UrlFile(Root), url, Public);

    /// <summary>Reads a secret file, or makes it with the given content (0600) when it is missing or empty.</summary>
    /// <remarks>Whole content appears at once, so a crash while it is made leaves it missing, and the next start makes it.</remarks>
    public static string ReadOrMakeSecret(string file, Func<string> make)
    {
        if (ReadText(file) is { Length: > 0 } text)
        {
            return text;
        }

        WriteWhole(file, make(), OwnerOnly);
        return ReadText(file) ?? throw new IOException($"{file} cannot be read back.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        RemoveAnnouncement();
        File.Delete(PidFile(Root));
        _lock.Dispose();
    }

    private static string LockFile(string root) => Path.Combine(root, "lock");

    private static FileStream? TryLock(string root, FileMode mode)
    {
        try
        {
            return new FileStream(LockFile(root), mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(LockFile(root)))
        {
            return null;
        }
    }

    private void RemoveAnnouncement() => File.Delete(UrlFile(Root));

    private static string? ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void WriteWhole(string file, string content, UnixFileMode mode)
    {
        var draft = file + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using (var stream = new FileStream(draft, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(content + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, file, overwrite: true);
    }
}

/// <summary>Another process holds the data folder.</summary>
public sealed class DataFolderInUseException(string root, ProcessIdentity? holder, string? url)
    : Exception(string.Create(
        CultureInfo.InvariantCulture,
        $"Another granary{(holder is null ? "" : $" (process {holder.Id})")} already runs on {root}{(url is null ? "" : $" at {url}")}; stop it with `granary down --data {root}` or choose another --data."));

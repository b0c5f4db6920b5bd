using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Granary.Admin.Api;
using Granary.Admin.Connection;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer.Sessions;

/// <summary>An upload that was begun and not completed.</summary>
/// <param name="Id">Its id at the server.</param>
/// <param name="ChunkSize">Bytes of its parts.</param>
/// <param name="Identity">What the file was, see <see cref="FileIdentity"/>.</param>
/// <param name="Server">The server, for people who look into the folder.</param>
/// <param name="Target">What it was to become, for the same.</param>
internal sealed record RememberedUpload(string Id, long ChunkSize, string? Identity, string? Server, string? Target);

/// <summary>
/// Uploads that are under way, one small file each in a folder of the user's (XDG_STATE_HOME/granary/uploads), so that a later
/// run goes on with them. Without the folder everything works; it only begins anew.
/// </summary>
internal sealed class UploadMemory(string? folder, ServerAddress server, TimeProvider time)
{
    /// <summary>Longer than any server keeps an upload that nobody goes on with.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(7);

    private const long SmallestPart = 64 << 10;
    private const long LargestPart = 64 << 20;

    /// <summary>The user's folder; null where none is known.</summary>
    public static string? FolderOf(Func<string, string?> environment)
    {
        if (environment("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            return Path.Combine(state, "granary", "uploads");
        if (OperatingSystem.IsWindows())
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } local ? Path.Combine(local, "granary", "uploads") : null;
        return environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".local", "state", "granary", "uploads") : null;
    }

    /// <summary>The upload of a file to a place, or null. Its identity tells whether the file has changed since.</summary>
    public RememberedUpload? Find(RemotePath target, FileIdentity file)
    {
        if (FileOf(target, file) is not { } place)
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(place), ApiJson.Default.RememberedUpload) is { } found && IsSound(found) ? found : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Remembers an upload, whole or not at all.</summary>
    public void Save(RemotePath target, FileIdentity file, UploadBegun upload)
    {
        if (FileOf(target, file) is not { } place)
            return;
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder!);
            else
                Directory.CreateDirectory(folder!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            RemoveOld();
            var remembered = new RememberedUpload(upload.Id, upload.ChunkSize, file.ToString(), server.Url.AbsoluteUri, target.ToString());
            var draft = $"{place}.{Guid.NewGuid():n}";
            File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(remembered, ApiJson.Default.RememberedUpload));
            File.Move(draft, place, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is only a convenience; the upload goes on without it.
        }
    }

    /// <summary>The upload is over, well or badly.</summary>
    public void Forget(RemotePath target, FileIdentity file)
    {
        if (FileOf(target, file) is not { } place)
            return;
        try
        {
            File.Delete(place);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next run finds that the upload is over.
        }
    }

    // The file may have been damaged, or written to by anybody; the limits of parts are those of the API.
    private static bool IsSound(RememberedUpload upload) =>
        upload.Id is { Length: > 0 } id && id.All(char.IsAsciiLetterOrDigit)
        && upload.ChunkSize is >= SmallestPart and <= LargestPart && long.IsPow2(upload.ChunkSize);

    private void RemoveOld()
    {
        var before = time.GetUtcNow().UtcDateTime - KeepFor;
        foreach (var file in Directory.EnumerateFiles(folder!).Where(file => File.GetLastWriteTimeUtc(file) < before))
            File.Delete(file);
    }

    private string? FileOf(RemotePath target, FileIdentity file)
    {
        if (folder is null)
            return null;
        var key = $"{server.Url.AbsoluteUri}\n{server.Tenant}\n{target}\n{file.Number}";
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..40] + ".json");
    }
}

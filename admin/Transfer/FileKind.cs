using System.Runtime.InteropServices;

namespace Granary.Admin.Transfer;

/// <summary>Tells pipes, sockets and devices from files, and two files from each other, which the runtime's own API does not.</summary>
internal static class FileKind
{
    private const int AtCurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeOnly = 1;
    private const uint NumberOnly = 0x100;
    private const int NumberOffset = 32;
    private const int DeviceOffset = 136;
    private const int ModeOffset = 28;
    private const int KindMask = 0xF000;
    private const int RegularFile = 0x8000;

    /// <summary>Whether the path is something else than a regular file; false where that cannot be found out.</summary>
    public static bool IsSpecial(string path)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        // struct statx is 256 bytes, the same on every architecture; the mode is a 16-bit word at 28.
        var answer = new byte[256];
        try
        {
            return StatX(AtCurrentFolder, path, DoNotFollow, TypeOnly, answer) == 0
                && (BitConverter.ToUInt16(answer, ModeOffset) & KindMask) != RegularFile;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The file system's number of a file with that of its device; null where that cannot be found out.</summary>
    public static string? NumberOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var answer = new byte[256];
        try
        {
            return StatX(AtCurrentFolder, path, 0, NumberOnly, answer) == 0
                ? $"{BitConverter.ToUInt64(answer, DeviceOffset):x}:{BitConverter.ToUInt64(answer, NumberOffset):x}"
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] answer);
}

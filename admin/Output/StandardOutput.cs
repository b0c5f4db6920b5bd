using System.Runtime.InteropServices;

namespace Granary.Admin.Output;

/// <summary>Knows whether anybody still reads stdout; the runtime's console swallows the broken pipe.</summary>
internal static class StandardOutput
{
    private const short Error = 0x8;

    /// <summary>Whether stdout is a pipe whose reader is gone, as after `| head`.</summary>
    public static bool ReaderGone()
    {
        if (OperatingSystem.IsWindows())
            return false;
        var poll = new PollRequest { Descriptor = 1 };
        return Poll(ref poll, 1, 0) > 0 && (poll.Result & Error) != 0;
    }

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollRequest request, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Result;
    }
}

/// <summary>Nobody reads stdout any more; the rest of the work is pointless and ends silently.</summary>
internal sealed class ReaderGoneException : Exception;

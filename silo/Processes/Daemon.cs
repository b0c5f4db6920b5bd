using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Granary.Silo.Processes;

/// <summary>What a process does to live on without its terminal, and how another one asks it to stop.</summary>
internal static partial class Daemon
{
    private const int Terminate = 15;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int OwnerReadWrite = 0x180;

    /// <summary>
    /// Leaves the terminal's session and sends standard output and error to a file, appending; standard input reads nothing.
    /// The process must not lead a process group, which a child just started does not.
    /// </summary>
    /// <exception cref="Win32Exception">The system refused.</exception>
    public static void Detach(string logFile)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var log = OrThrow(Open(logFile, WriteOnly | Create | Append, OwnerReadWrite), "open the log");
        var nothing = OrThrow(Open("/dev/null", ReadOnly, 0), "open /dev/null");
        OrThrow(SetSession(), "start a session");
        OrThrow(Duplicate(nothing, 0), "redirect input");
        OrThrow(Duplicate(log, 1), "redirect output");
        OrThrow(Duplicate(log, 2), "redirect errors");
    }

    /// <summary>Asks the process to stop in its own time (SIGTERM).</summary>
    public static void AskToStop(ProcessIdentity process) => OrThrow(Kill(process.Id, Terminate), "signal the server");

    private static int OrThrow(int result, string what) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot {what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}

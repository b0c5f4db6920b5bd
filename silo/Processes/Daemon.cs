using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Granary.Silo.Processes;

/// <summary>What a process does to live on without its terminal, and how another one asks it to stop.</summary>
internal static partial class Daemon
{
    private const int Terminate = 15;

    /// <summary>
    /// Leaves the terminal's session, so that its end is not ours. The process must not lead a process group, which a child
    /// just started does not.
    /// </summary>
    /// <exception cref="Win32Exception">The system refused.</exception>
    public static void LeaveSession() => OrThrow(SetSession(), "start a session");

    /// <summary>Asks the process to stop in its own time (SIGTERM).</summary>
    public static void AskToStop(ProcessIdentity process) => OrThrow(Kill(process.Id, Terminate), "signal the server");

    private static int OrThrow(int result, string what) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot {what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}

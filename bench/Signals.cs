using System.Runtime.InteropServices;

namespace Granary.Bench;

/// <summary>Signals to processes: .NET's own Kill offers only the rude end.</summary>
internal static partial class Signals
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;

    public static void Terminate(int processId) => _ = Kill(processId, Sigterm);

    public static void KillNow(int processId) => _ = Kill(processId, Sigkill);

    public static void Freeze(int processId) => _ = Kill(processId, Sigstop);

    public static void Wake(int processId) => _ = Kill(processId, Sigcont);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}

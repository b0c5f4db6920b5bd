using System.Runtime.InteropServices;

namespace Granary.Bench;

/// <summary>The polite end of a process, which .NET's own Kill does not offer.</summary>
internal static partial class Signals
{
    private const int Sigterm = 15;

    public static void Terminate(int processId) => _ = Kill(processId, Sigterm);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}

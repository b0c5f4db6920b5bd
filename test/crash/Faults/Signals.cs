using System.Runtime.InteropServices;

namespace Granary.Crash.Tests.Faults;

/// <summary>Signals to one process, and whether it is stopped by one.</summary>
internal static partial class Signals
{
    private const int KillSignal = 9;
    private const int ContinueSignal = 18;
    private const int StopSignal = 19;

    /// <summary>Ends it; nothing of it runs any more.</summary>
    public static void Kill(int process) => Send(process, KillSignal);

    /// <summary>Freezes all of its threads.</summary>
    public static void Freeze(int process) => Send(process, StopSignal);

    /// <summary>Lets a frozen process go on.</summary>
    public static void Wake(int process) => Send(process, ContinueSignal);

    /// <summary>R, S, D: it runs; T: it is frozen; Z or null: it is dead.</summary>
    public static char? State(int process)
    {
        try
        {
            // The name in brackets may hold anything; the state follows the last of them.
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[text.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void Send(int process, int signal) => _ = SendSignal(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

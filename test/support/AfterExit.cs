using System.Diagnostics;

namespace Granary.TestSupport;

/// <summary>
/// Ends what a test run started, whatever ends the run itself: a runner kills a test process a moment after its last test, and
/// a handler of its exit has no time for more than that.
/// </summary>
internal static class AfterExit
{
    // $1: the process to wait for, $2: the server's script, $3: a folder to remove.
    private const string Guard = "while kill -0 \"$1\" 2>/dev/null; do sleep 0.5; done; bash \"$2\" wipe; rm -rf \"$3\"";

    /// <summary>Has a process of its own session wipe a server and remove its folder when this process is gone.</summary>
    public static void Wipe(string script, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("setsid", ["bash", "-c", Guard + " >/dev/null 2>&1", "guard", $"{Environment.ProcessId}", script, folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        Process.Start(start)!.Dispose();
    }
}

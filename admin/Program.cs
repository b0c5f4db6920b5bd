using System.Runtime.InteropServices;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

// Ctrl-C and SIGTERM cancel the work, so that half-written files are removed; a second one ends at once.
using var interrupted = new CancellationTokenSource();
void OnSignal(PosixSignalContext signal)
{
    if (!interrupted.IsCancellationRequested)
    {
        signal.Cancel = true;
        interrupted.Cancel();
    }
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

using var terminal = Terminal.OfProcess();
var application = new Application(terminal, Environment.GetEnvironmentVariable, TimeProvider.System);
return await application.RunAsync(args, interrupted.Token);

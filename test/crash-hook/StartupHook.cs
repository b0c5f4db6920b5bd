using System.Diagnostics;
using Granary.CrashHook;

/// <summary>What the runtime calls before the server's own code when DOTNET_STARTUP_HOOKS names this assembly.</summary>
internal sealed class StartupHook
{
    /// <summary>Reads the plan and listens for the server's fault points.</summary>
    public static void Initialize()
    {
        var (plan, file) = (Environment.GetEnvironmentVariable(PlannedFaults.Variable), Environment.GetEnvironmentVariable(PlannedFaults.FileVariable));
        if (!string.IsNullOrEmpty(plan) || !string.IsNullOrEmpty(file))
        {
            DiagnosticListener.AllListeners.Subscribe(new SourceObserver(new PlannedFaults(plan, file)));
        }
    }

    private sealed class SourceObserver(PlannedFaults faults) : IObserver<DiagnosticListener>
    {
        // Granary.GrainInterfaces.Diagnostics.FaultPoint.Source; a hook refers to no assembly of the server.
        private const string Source = "Granary.FaultPoints";

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == Source)
            {
                value.Subscribe(faults);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}

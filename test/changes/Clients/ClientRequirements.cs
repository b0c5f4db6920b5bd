using System.Diagnostics;
using Granary.TestSupport;

namespace Granary.Changes.Tests.Clients;

/// <summary>A test that needs Debian's python3-websockets.</summary>
public sealed class PythonWebsocketsFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> Here = new(static () =>
    {
        if (!File.Exists("/usr/bin/python3"))
            return false;
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import websockets"]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    /// <summary>Skips where it is missing.</summary>
    public PythonWebsocketsFactAttribute() => Skip = Requirement.SkipReason(Here.Value ? null : "no Python websockets: install the package python3-websockets");
}

/// <summary>A test that needs wscat, from npm.</summary>
public sealed class WscatFactAttribute : FactAttribute
{
    /// <summary>Skips where it is missing.</summary>
    public WscatFactAttribute() => Skip = Requirement.SkipReason(Program is null ? "no wscat: bash test/servers/websocket-clients.sh install" : null);

    /// <summary>Where it is: GRANARY_TEST_WSCAT, where the script installs it, or in the path.</summary>
    public static string? Program { get; } = new[] { Environment.GetEnvironmentVariable("GRANARY_TEST_WSCAT"), "/opt/granary-test-clients/node_modules/.bin/wscat" }
        .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(static folder => Path.Combine(folder, "wscat")))
        .FirstOrDefault(static file => File.Exists(file));
}

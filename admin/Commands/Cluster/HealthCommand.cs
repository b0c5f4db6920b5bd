using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Cluster;

/// <summary>health: what works, what does not, and what to try next.</summary>
internal static class HealthCommand
{
    private const string Full = "/api/v1/health/full";
    private const string Ready = "/api/v1/ready";

    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var ready = new Option<bool>("--ready") { Description = "Only ask whether the server takes requests now, for probes; needs no key" };
        return new Command("health", "Show what works, what does not, and what to try next")
            .With(ready)
            .Does(runner, (session, cancellationToken) => RunAsync(session, session.Value(ready), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, bool onlyReady, CancellationToken cancellationToken)
    {
        var report = onlyReady ? await AskReadyAsync(session, cancellationToken) : await AskAsync(session, cancellationToken);
        if (session.Json)
            session.Printer.Event(report, "");
        else
            session.Printer.Rows(Table(), report.Checks);
        if (report.Healthy)
            return ExitCode.Done;
        session.Warn("granary: the server is not healthy.");
        if (report.Next is { } next)
            session.Warn($"  Try '{next}'.");
        return ExitCode.Incomplete;
    }

    // Those who are no operators learn whether the server is ready; so do operators of a server without the full check.
    private static async Task<HealthReport> AskAsync(Session session, CancellationToken cancellationToken)
    {
        var (status, body) = await session.Client.ProbeAsync(Full, cancellationToken);
        if (status is 200 or 503)
            return HealthAnswer.Read(Full, status, body);
        return await AskReadyAsync(session, cancellationToken);
    }

    private static async Task<HealthReport> AskReadyAsync(Session session, CancellationToken cancellationToken)
    {
        var (status, body) = await session.Client.ProbeAsync(Ready, cancellationToken);
        return HealthAnswer.Read(Ready, status, body);
    }

    private static Table<HealthCheck> Table() => new(
        new Column<HealthCheck>("CHECK", check => check.Name),
        new Column<HealthCheck>("STATUS", check => check.Status),
        new Column<HealthCheck>("DETAIL", check => check.Detail ?? ""));
}

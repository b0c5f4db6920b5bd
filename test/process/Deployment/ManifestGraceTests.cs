using System.Globalization;
using System.Text.RegularExpressions;
using Granary.TestSupport;

namespace Granary.Process.Tests.Deployment;

/// <summary>The time that a silo takes to stop in order fits into the time that whoever stops it gives.</summary>
public sealed class ManifestGraceTests
{
    // Rows, databases and the runtime's own end.
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_pod_is_given_longer_than_its_silo_may_take()
    {
        var drain = Number(Read("k8s/base/config.yaml"), "GRANARY_DRAIN_SECONDS: \"([0-9]+)\"");
        foreach (var workload in new[] { "k8s/base/silos.yaml", "k8s/base/workers.yaml" })
        {
            Assert.True(
                Number(Read(workload), "terminationGracePeriodSeconds: ([0-9]+)") >= drain + (2 * Limit()) + s_rest, $"{workload} gives too little time to stop.");
        }
    }

    [Fact]
    public void A_container_is_given_longer_than_its_silo_may_take()
    {
        var compose = Read("docker-compose.yml");
        Assert.True(Number(compose, "stop_grace_period: ([0-9]+)s") >= Number(compose, "GRANARY_DRAIN_SECONDS: \"([0-9]+)\"") + (2 * Limit()) + s_rest);
    }

    [Fact]
    public void Balancers_see_that_a_silo_is_not_ready_before_it_stops_taking_requests()
    {
        // Two failed probes of five seconds each take a pod out of its service.
        var silos = Read("k8s/base/silos.yaml");
        var probe = silos[silos.IndexOf("readinessProbe:", StringComparison.Ordinal)..];
        var seen = Number(probe, "periodSeconds: ([0-9]+)") * (int)Number(probe, "failureThreshold: ([0-9]+)").TotalSeconds;
        Assert.True(Number(Read("k8s/base/config.yaml"), "GRANARY_DRAIN_SECONDS: \"([0-9]+)\"") > seen);
    }

    // Open transfers have it once, the grains once more.
    private static TimeSpan Limit() => Number(Read("silo/Hosting/SiloComposition.cs"), @"StopLimit = TimeSpan.FromSeconds\(([0-9]+)\)");

    private static TimeSpan Number(string text, string pattern)
    {
        var match = Regex.Match(text, pattern);
        Assert.True(match.Success, $"There is no {pattern}.");
        return TimeSpan.FromSeconds(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));
}

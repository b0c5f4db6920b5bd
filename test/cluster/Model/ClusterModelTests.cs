using System.Diagnostics;
using System.Globalization;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>A test that starts real silos with MariaDB, Redis and S3.</summary>
public sealed class ClusterWithS3FactAttribute : FactAttribute
{
    /// <summary>Skips where a server is missing.</summary>
    public ClusterWithS3FactAttribute() => Skip = Requirement.SkipReason(LocalCluster.Missing ?? S3Server.Missing);
}

/// <summary>The crash tests' model over a whole cluster that loses members.</summary>
public sealed class ClusterModelTests(ITestOutputHelper output)
{
    /// <summary>First round and number of rounds, <c>10+5</c>: with the seed of a run, this repeats just a part of it.</summary>
    private const string OnlyRounds = "CLUSTER_ROUNDS";

    [ClusterWithS3Fact]
    [Trait("Behaviour", "D17")]
    public async Task Every_promise_holds_while_silos_are_killed_frozen_and_restarted()
    {
        var random = Seeds.Create(output);
        var clock = Stopwatch.StartNew();
        await using var model = await ClusterModel.StartAsync(output.WriteLine, commitFaults: Seeds.Soak);
        output.WriteLine($"three silos in {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var fault in Only(ClusterFault.Plan(random, Seeds.Times(5, 50))))
        {
            output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} s: {fault}");
            await model.RoundAsync(async () => output.WriteLine(await fault.HappenAsync(model) ? "  it happened" : "  the point was not reached"));
        }

        await model.SettleAsync();
        output.WriteLine($"{model.Acknowledged} changes in {clock.Elapsed.TotalSeconds:0.0} s; lives ended: {string.Join("; ", model.Cluster.Silos.Select(static silo => $"{silo.Name} {string.Join(' ', silo.Ends)}"))}");
    }

    private static IEnumerable<ClusterFault> Only(IEnumerable<ClusterFault> plan)
    {
        if (Environment.GetEnvironmentVariable(OnlyRounds) is not { Length: > 0 } text)
        {
            return plan;
        }

        var part = Array.ConvertAll(text.Split('+'), static number => int.Parse(number, CultureInfo.InvariantCulture));
        return plan.Skip(part[0]).Take(part[1]);
    }
}

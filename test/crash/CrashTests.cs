using System.Globalization;
using Granary.Crash.Tests.Faults;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Crash.Tests;

/// <summary>Not one acknowledged byte is lost, whatever happens to the server, and whenever.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    /// <summary>Number of the only run to do: with the seed of a run that failed, this repeats just that one.</summary>
    private const string OnlyRun = "CRASH_RUN";

    [Fact]
    [Trait("Behaviour", "D17")]
    public async Task Every_acknowledged_change_survives_kills_and_freezes_at_named_points_and_random_moments()
    {
        var hit = new HashSet<string>(StringComparer.Ordinal);
        var only = Environment.GetEnvironmentVariable(OnlyRun) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : (int?)null;
        foreach (var number in Enumerable.Range(0, Seeds.Times(2, 24)).Where(number => only is null || number == only))
        {
            output.WriteLine($"run {number}; to repeat it alone, set {OnlyRun}={number} and the seed:");
            using var run = new CrashRun(output, number, Seeds.Create(output, number));
            await run.RunAsync(Seeds.Times(4, 10));
            hit.UnionWith(run.Hit);
        }

        output.WriteLine($"Points that were hit: {string.Join(", ", hit.Order(StringComparer.Ordinal))}; not: {string.Join(", ", FaultPlan.Points.Except(hit))}.");
    }

    [Fact]
    public void The_product_names_its_points()
    {
        string[] some = ["upload.row-before-bytes", "upload.bytes-before-row", "commit.before", "commit.after", "commit.before-answer", "uncount.page", "delete.before-bytes", "delete.after-bytes"];
        Assert.Empty(some.Except(FaultPlan.Points));
    }
}

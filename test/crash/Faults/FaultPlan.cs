using System.Text.RegularExpressions;
using Granary.TestSupport;

namespace Granary.Crash.Tests.Faults;

/// <summary>How one life of the server ends, and what happens to it before.</summary>
internal sealed partial class FaultPlan
{
    /// <summary>Longest life under load; a point that is not reached by then is not waited for.</summary>
    private const int LongestLoad = 2_500;

    /// <summary>Points of background work, which a life of some seconds reaches a few times at most.</summary>
    private static readonly string[] s_rare = ["collect.", "copy.", "delete.", "run."];

    private static readonly string[] s_folders = ["catalog", "client-api", "grains", "stores", "silo"];

    /// <summary>Every point that the product's source names.</summary>
    public static IReadOnlyList<string> Points { get; } = FindPoints();

    /// <summary>What the hook in the server is told; empty: nothing.</summary>
    public string Hook { get; private init; } = "";

    /// <summary>Milliseconds after which the server is killed from outside.</summary>
    public int KillAfter { get; private init; } = LongestLoad;

    /// <summary>Milliseconds after which the server is frozen from outside; null: not.</summary>
    public int? FreezeAfter { get; private init; }

    /// <summary>Milliseconds that a frozen server sleeps.</summary>
    public int Sleep { get; private init; }

    /// <summary>Whether a frozen server is killed instead of woken.</summary>
    public bool KillFrozen { get; private init; }

    /// <summary>
    /// Half of the lives end at a point, a quarter at a random moment; the others are frozen first, at a point or a moment.
    /// Points are gone through in turn, so that each one gets its share.
    /// </summary>
    /// <param name="random">The run's.</param>
    /// <param name="turn">Counts the lives of all runs.</param>
    public static FaultPlan Choose(Random random, int turn)
    {
        var point = Points[(int)((uint)turn % Points.Count)];
        var sleep = random.Next(8) == 0 ? random.Next(1_500, 3_000) : random.Next(20, 600);
        return random.Next(8) switch
        {
            < 4 => new FaultPlan { Hook = $"{point}:{Hit(random, point)}:kill" },
            < 6 => new FaultPlan { KillAfter = random.Next(20, LongestLoad) },
            6 => new FaultPlan { Hook = $"{point}:{Hit(random, point)}:freeze", Sleep = sleep, KillFrozen = random.Next(3) == 0 },
            _ => new FaultPlan { FreezeAfter = random.Next(20, 1_500), Sleep = sleep, KillFrozen = random.Next(3) == 0 },
        };
    }

    public override string ToString() =>
        $"{(Hook.Length > 0 ? Hook : "-")}, {(FreezeAfter is { } freeze ? $"freeze after {freeze} ms, " : "")}"
        + $"{(Sleep > 0 ? $"sleep {Sleep} ms{(KillFrozen ? " and die" : "")}, " : "")}kill after {KillAfter} ms";

    // Mostly early: rare points are reached a few times in a life, common ones hundreds of times.
    private static int Hit(Random random, string point) => random.Next(3) switch
    {
        0 => 1,
        1 => random.Next(1, 8),
        _ => random.Next(1, s_rare.Any(rare => point.StartsWith(rare, StringComparison.Ordinal)) ? 4 : 120),
    };

    private static string[] FindPoints() =>
        [.. s_folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => PointCall().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];

    [GeneratedRegex("""FaultPoint\.Reached\("([^"]+)"\)""")]
    private static partial Regex PointCall();
}

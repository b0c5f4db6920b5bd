using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Granary.Bench.Scenarios;
using Granary.Bench.Scenarios.Cluster;

namespace Granary.Bench;

/// <summary>
/// <c>granary bench [scenario...] [--json] [--seed N]</c>: runs scenarios against a server of its own and prints figures
/// beside the machine's limits measured in the same run. Exit 0 when every bar is reached, 1 when one is missed, 2 on
/// wrong usage.
/// </summary>
internal static class BenchCommand
{
    private static readonly IReadOnlyList<Scenario> All =
    [
        new MachineLimits(), new LargeFile(), new SmallFiles(), new ParallelPuts(), new IdleSenders(), new ListingPages(), new UploadSessions(), new PolicyChoice(), new PolicyTransfers(),
        new ChangeLatency(), new IdleSockets(), new ManySockets(), new ClusterScenario(),
    ];

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var json = args.Contains("--json");
        var seed = 1L;
        var names = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--json":
                    break;
                case "--seed" when i + 1 < args.Length && long.TryParse(args[i + 1], CultureInfo.InvariantCulture, out seed):
                    i++;
                    break;
                case "--help" or "-h":
                    Help(Console.Out);
                    return 0;
                case var name when All.Any(s => s.Name == name):
                    names.Add(name);
                    break;
                default:
                    await Console.Error.WriteLineAsync($"'{args[i]}' is no scenario and no option.").ConfigureAwait(false);
                    Help(Console.Error);
                    return 2;
            }
        }

        var figures = new List<Figure>();
        foreach (var scenario in All.Where(s => names.Count == 0 || names.Contains(s.Name)))
        {
            await Console.Error.WriteLineAsync($"{scenario.Name}: {scenario.Summary} ...").ConfigureAwait(false);
            using var context = new ScenarioContext(scenario.Name, seed);
            await scenario.RunAsync(context, cancellationToken).ConfigureAwait(false);
            figures.AddRange(context.Figures);
        }

        Print(figures, json);
        return figures.TrueForAll(f => f.Passed) ? 0 : 1;
    }

    private static void Print(List<Figure> figures, bool json)
    {
        if (json)
        {
            foreach (var figure in figures)
            {
                Console.WriteLine(JsonSerializer.Serialize(figure, JsonSerializerOptions.Web));
            }

            return;
        }

        Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
        Console.WriteLine();
        Console.WriteLine($"{"scenario",-14} {"figure",-46} {"value",12} {"bar",10}  {"",-6} beside");
        foreach (var f in figures)
        {
            var bar = f.Bar is { } b ? (f.AtMost ? "<= " : ">= ") + Number(b) : "";
            var verdict = f.Bar is null ? "" : f.Passed ? "ok" : "MISSED";
            Console.WriteLine($"{f.Scenario,-14} {f.Name,-46} {Number(f.Value),8} {f.Unit,-5} {bar,8}  {verdict,-6} {f.Beside}");
        }
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);

    private static void Help(TextWriter writer)
    {
        writer.WriteLine("usage: granary bench [scenario...] [--json] [--seed N]");
        foreach (var scenario in All)
        {
            writer.WriteLine($"  {scenario.Name,-16} {scenario.Summary}");
        }

        writer.WriteLine("exit codes: 0 every bar reached; 1 a bar missed; 2 wrong usage; 130 interrupted");
    }
}

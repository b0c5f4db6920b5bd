using System.Diagnostics;
using System.Globalization;
using Granary.Bench.Limits;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Bench.Scenarios.Cluster;

/// <summary>The time of a grain call to a silo in another process, through the runtime that this build uses, with nothing else in it.</summary>
internal static class CrossSiloCalls
{
    private const int Calls = 4_000;

    public static async Task MeasureAsync(ScenarioContext context, GranaryCluster cluster, CancellationToken cancellationToken)
    {
        var name = $"bench-{context.Seed}-{Environment.ProcessId}";
        await using var other = await PingSilo.StartAsync(name, cluster.RedisPort, cancellationToken).ConfigureAwait(false);
        using var here = PingSilo.Build(name, cluster.RedisPort);
        await here.StartAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var grains = here.Services.GetRequiredService<IGrainFactory>();
            var grain = await FindThereAsync(grains, other.Id, cancellationToken).ConfigureAwait(false);
            await MeasureAsync(grain, Calls, cancellationToken).ConfigureAwait(false); // warm
            var times = await MeasureAsync(grain, Calls, cancellationToken).ConfigureAwait(false);
            times.Sort();
            context.Hold("call to a grain on another silo, median", times[Calls / 2], "ms", 2, atMost: true);
            context.Tell("the same, 99th percentile", times[Calls * 99 / 100], "ms");
        }
        finally
        {
            await here.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A grain that lives in the other process; the membership needs a moment to know it.</summary>
    private static async Task<IPingGrain> FindThereAsync(IGrainFactory grains, int process, CancellationToken cancellationToken)
    {
        for (var key = 0L; key < 2_000; key++)
        {
            var grain = grains.GetGrain<IPingGrain>(key);
            if (await grain.ProcessAsync(cancellationToken).ConfigureAwait(false) == process)
            {
                return grain;
            }

            await Task.Delay(5, cancellationToken).ConfigureAwait(false);
        }

        throw new InvalidOperationException("No grain lives on the other silo.");
    }

    private static async Task<List<double>> MeasureAsync(IPingGrain grain, int calls, CancellationToken cancellationToken)
    {
        var times = new List<double>(calls);
        for (var i = 0; i < calls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            if (await grain.PingAsync(i, cancellationToken).ConfigureAwait(false) != i)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The answer to {i} is another."));
            }

            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return times;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios.Cluster;

/// <summary>Unique 4 KiB files over 32 connections, durable: one silo on SQLite, and three on MariaDB on the same processors.</summary>
internal static class SmallPuts
{
    private const int Connections = 32;

    /// <summary>Files that every silo takes before it is measured: its code is compiled anew while it is used.</summary>
    private const int Warm = 6_000;

    private const int Puts = 6_000;

    /// <summary>Files a second of one silo.</summary>
    public static async Task<double> MeasureOneSiloAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "alone"), cancellationToken).ConfigureAwait(false);
        await PutAsync([server.Port], server.Token, ["main"], context.Seed, 0, Warm, cancellationToken).ConfigureAwait(false);
        var rate = await PutAsync([server.Port], server.Token, ["main"], context.Seed, Warm, Puts, cancellationToken).ConfigureAwait(false);
        context.Tell("PUT 4 KiB, one silo on SQLite", rate, "/s");
        return rate;
    }

    /// <summary>The same over all silos: into one scope, and into a scope for each silo's store.</summary>
    public static async Task MeasureClusterAsync(ScenarioContext context, GranaryCluster cluster, double alone, CancellationToken cancellationToken)
    {
        using var client = cluster.Client(0);
        string[] scopes = [.. Enumerable.Range(1, cluster.Ports.Length).Select(static i => string.Create(CultureInfo.InvariantCulture, $"puts-{i}"))];
        for (var i = 0; i < scopes.Length; i++)
        {
            await DoAsync(client.PostAsJsonAsync("api/v1/scopes", new { name = scopes[i] }, cancellationToken)).ConfigureAwait(false);
            await DoAsync(client.PutAsJsonAsync($"api/v1/scopes/{scopes[i]}/stores/local-silo-{i + 1}", new { uploadPriority = 100, downloadPriority = 100 }, cancellationToken)).ConfigureAwait(false);
        }

        var warm = Warm * cluster.Ports.Length;
        await PutAsync(cluster.Ports, cluster.Token, ["main"], context.Seed, 0, warm, cancellationToken).ConfigureAwait(false);
        var before = cluster.ProcessorTimes();
        var clock = Stopwatch.StartNew();
        var one = await PutAsync(cluster.Ports, cluster.Token, ["main"], context.Seed, warm, Puts, cancellationToken).ConfigureAwait(false);
        var wall = clock.Elapsed;
        var after = cluster.ProcessorTimes();
        context.Hold("PUT 4 KiB, three silos / one on SQLite", one / alone, "", 0.5, beside: string.Create(CultureInfo.InvariantCulture, $"{one:0} /s into scope main"));
        foreach (var (part, used) in after)
        {
            var share = (used - before[part]).TotalMilliseconds;
            context.Tell($"processor time of a PUT, {part}", share / Puts, "ms", string.Create(CultureInfo.InvariantCulture, $"{100 * share / (wall.TotalMilliseconds * Environment.ProcessorCount):0} % of the processors"));
        }

        var spread = await PutAsync(cluster.Ports, cluster.Token, scopes, context.Seed, warm + Puts, Puts, cancellationToken).ConfigureAwait(false);
        context.Tell("the same, a scope for each silo's store", spread / alone, "", string.Create(CultureInfo.InvariantCulture, $"{spread:0} /s"));
    }

    private static async Task<double> PutAsync(int[] ports, string token, string[] scopes, long seed, int from, int count, CancellationToken cancellationToken)
    {
        var next = from - 1;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async connection =>
        {
            using var wire = await Wire.ConnectAsync(ports[connection % ports.Length], token, cancellationToken).ConfigureAwait(false);
            var body = new byte[4096];
            int i;
            while ((i = Interlocked.Increment(ref next)) < from + count)
            {
                Content.Fill(body, seed + (i * 31L) + 7);
                var target = $"/api/v1/scopes/{scopes[i % scopes.Length]}/files/small/{i & 63}/{i}";
                var status = await wire.PutAsync(target, body, cancellationToken).ConfigureAwait(false);
                if (status is < 200 or > 299)
                {
                    throw new InvalidDataException($"A silo answered {status}.");
                }
            }
        })).ConfigureAwait(false);
        return count / clock.Elapsed.TotalSeconds;
    }

    private static async Task DoAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending.ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }
}

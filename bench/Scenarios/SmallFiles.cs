using System.Diagnostics;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>Unique 4 KiB files over 32 connections: durable PUTs, then GETs in another order.</summary>
internal sealed class SmallFiles : Scenario
{
    private const int Connections = 32;
    private const int Puts = 20_000;
    private const int Gets = 80_000;

    public override string Name => "small-files";

    public override string Summary => "4 KiB files over 32 connections, every one durable";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        await PutAsync(server, context.Seed, -2_000, 2_000, cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        await PutAsync(server, context.Seed, 0, Puts, cancellationToken).ConfigureAwait(false);
        context.Hold("PUT 4 KiB, durable, 32 connections", Puts / clock.Elapsed.TotalSeconds, "/s", 2_000);

        await GetAsync(server, 8_000, cancellationToken).ConfigureAwait(false);
        clock.Restart();
        await GetAsync(server, Gets, cancellationToken).ConfigureAwait(false);
        context.Hold("GET 4 KiB, verified, 32 connections", Gets / clock.Elapsed.TotalSeconds, "/s", 8_000);
    }

    private static Task PutAsync(GranaryServer server, long seed, int from, int count, CancellationToken cancellationToken) =>
        EachAsync(server, count, async (wire, i) =>
        {
            var body = new byte[4096];
            Content.Fill(body, seed + ((from + i) * 31L) + 7);
            return await wire.PutAsync(Target(from + i), body, cancellationToken).ConfigureAwait(false);
        }, cancellationToken);

    private static Task GetAsync(GranaryServer server, int count, CancellationToken cancellationToken) =>
        EachAsync(server, count, (wire, i) => wire.GetAsync(Target((int)(i * 7919L % Puts)), null, cancellationToken), cancellationToken);

    private static string Target(int number) => $"/api/v1/scopes/main/files/small/{number & 63}/{number}";

    private static async Task EachAsync(
        GranaryServer server, int count, Func<Wire, int, Task<int>> request, CancellationToken cancellationToken)
    {
        var next = -1;
        var workers = Enumerable.Range(0, Connections).Select(async _ =>
        {
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                var status = await request(wire, i).ConfigureAwait(false);
                if (status is < 200 or > 299)
                {
                    throw new InvalidDataException($"The server answered {status}.");
                }
            }
        });
        await Task.WhenAll(workers).ConfigureAwait(false);
    }
}

using System.Diagnostics;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>16 parallel PUTs of 256 MiB: the silo's memory stays inside its bound.</summary>
internal sealed class ParallelPuts : Scenario
{
    private const int Streams = 16;
    private const long Length = 256L << 20;

    public override string Name => "parallel-puts";

    public override string Summary => "16 parallel PUTs of 256 MiB: peak memory of the silo";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        var files = new string[Streams];
        for (var i = 0; i < Streams; i++)
        {
            files[i] = Path.Combine(context.Folder, $"stream{i}");
            Content.WriteFile(files[i], Length, context.Seed + (i * 2 * Length) + 3);
        }

        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(files.Select(async (file, i) =>
        {
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            var status = await wire.PutFileAsync($"/api/v1/scopes/main/files/parallel/{i}", file, cancellationToken).ConfigureAwait(false);
            if (status is < 200 or > 299)
            {
                throw new InvalidDataException($"The server answered {status}.");
            }
        })).ConfigureAwait(false);
        context.Tell("16 streams together", Streams * Length / clock.Elapsed.TotalSeconds / (1 << 20), "MiB/s");
        context.Hold("peak resident memory of the silo", server.PeakResidentBytes / (double)(1 << 20), "MiB", 600, atMost: true);
    }
}

using System.Diagnostics;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>500 senders that stop in the middle of a chunk: the buffer budget holds, and a fast sender gets through.</summary>
internal sealed class IdleSenders : Scenario
{
    private const int Senders = 500;
    private const int Half = 2 << 20;

    public override string Name => "idle-senders";

    public override string Summary => "500 idle senders of half a chunk each, and one fast sender of 64 MiB";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        var file = Path.Combine(context.Folder, "fast");
        Content.WriteFile(file, 64L << 20, context.Seed + 11);
        var half = new byte[Half];
        Content.Fill(half, context.Seed);

        var idle = new List<Wire>();
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var sends = new List<Task>();
            for (var i = 0; i < Senders; i++)
            {
                var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
                idle.Add(wire);
                sends.Add(SendHalfAsync(wire, i, half, given.Token));
            }

            await Task.WhenAny(Task.WhenAll(sends), Task.Delay(TimeSpan.FromSeconds(5), cancellationToken)).ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            using var fast = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            var status = await fast.PutFileAsync("/api/v1/scopes/main/files/fast", file, cancellationToken).ConfigureAwait(false);
            var seconds = clock.Elapsed.TotalSeconds;
            context.Hold("fast sender's status", status, "", 299, atMost: true);
            context.Hold("fast sender of 64 MiB among them", seconds, "s", 30, atMost: true);
            context.Hold("peak resident memory of the silo", server.PeakResidentBytes / (double)(1 << 20), "MiB", 600, atMost: true);
            await given.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sends).ConfigureAwait(false);
        }
        finally
        {
            idle.ForEach(w => w.Dispose());
        }
    }

    /// <summary>Sends what the server takes; being held back or turned away is what the scenario is about.</summary>
    private static async Task SendHalfAsync(Wire wire, int number, byte[] half, CancellationToken cancellationToken)
    {
        try
        {
            await wire.PutPartlyAsync($"/api/v1/scopes/main/files/idle/{number}", 2L * Half, half, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or System.Net.Sockets.SocketException)
        {
            // The server kept its budget by not reading on, or by giving this sender up.
        }
    }
}

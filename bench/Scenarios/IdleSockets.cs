using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>5,000 sockets at rest: what each costs in resident memory, and that a change still reaches all of them.</summary>
internal sealed class IdleSockets : Scenario
{
    private const int Sockets = 5000;
    private const int Warm = 200;

    public override string Name => "idle-sockets";

    public override string Summary => $"{Sockets} idle WebSockets: memory of the silo for each";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        await new ChangeLoad(server, 200, connections: 8).RunAsync(TimeSpan.FromSeconds(2), cancellationToken).ConfigureAwait(false);
        var sockets = new List<ChangeSocket>();
        try
        {
            await OpenAsync(server, sockets, Warm, cancellationToken).ConfigureAwait(false);
            await Task.Delay(2000, cancellationToken).ConfigureAwait(false);
            var before = server.ResidentBytes;
            await OpenAsync(server, sockets, Sockets, cancellationToken).ConfigureAwait(false);
            await Task.Delay(5000, cancellationToken).ConfigureAwait(false);
            context.Hold("resident memory for each", (server.ResidentBytes - before) / (double)Sockets / 1024, "KiB", 60, atMost: true);

            // A whole turn of pings: memory at rest is memory after everything was sent once.
            await Task.Delay(TimeSpan.FromSeconds(32), cancellationToken).ConfigureAwait(false);
            context.Hold("resident memory for each after a ping of all", (server.ResidentBytes - before) / (double)Sockets / 1024, "KiB", 60, atMost: true);
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            await wire.PutAsync("/api/v1/scopes/main/files/one", new byte[10], cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(sockets.Select(s => s.NextAsync(cancellationToken))).WaitAsync(TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
            context.Tell("one change until all of them have it", System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds, "ms");
        }
        finally
        {
            sockets.ForEach(static s => s.Dispose());
        }
    }

    private static async Task OpenAsync(GranaryServer server, List<ChangeSocket> sockets, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = await ChangeSocket.ConnectAsync(server.Port, server.Token, "/api/v1/scopes/main/changes", 512, cancellationToken).ConfigureAwait(false);
            sockets.Add(socket);
            await socket.ConnectedAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}

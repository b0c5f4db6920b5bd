using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>500 sockets on one scope at 200 changes a second: each gets every change, in order.</summary>
internal sealed class ManySockets : Scenario
{
    private const int Sockets = 500;
    private const int PerSecond = 200;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    public override string Name => "many-sockets";

    public override string Summary => $"{Sockets} WebSockets on one scope at {PerSecond} changes a second: every change to each, in order";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        var count = (int)(PerSecond * Length.TotalSeconds);
        var sockets = new List<ChangeSocket>();
        try
        {
            for (var i = 0; i < Sockets; i++)
            {
                var socket = await ChangeSocket.ConnectAsync(server.Port, server.Token, "/api/v1/scopes/main/changes?since=0", 16 << 10, cancellationToken).ConfigureAwait(false);
                sockets.Add(socket);
                await socket.ConnectedAsync(cancellationToken).ConfigureAwait(false);
            }

            var reading = sockets.ConvertAll(s => Task.Run(() => InOrderAsync(s, count, cancellationToken), cancellationToken));
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await new ChangeLoad(server, PerSecond, connections: 8).RunAsync(Length, cancellationToken).ConfigureAwait(false);
            context.Tell("changes a second", count / clock.Elapsed.TotalSeconds, "/s");
            var complete = (await Task.WhenAll(reading).WaitAsync(TimeSpan.FromSeconds(60), cancellationToken).ConfigureAwait(false)).Count(static c => c);
            context.Tell("frames a second", (double)count * Sockets / clock.Elapsed.TotalSeconds, "/s");
            context.Tell("last frame after the last change", Math.Max(0, clock.Elapsed.TotalMilliseconds - Length.TotalMilliseconds), "ms");
            context.Hold("sockets that got every change in order", complete, "", Sockets);
            context.Tell("peak resident memory of the silo", server.PeakResidentBytes / (double)(1 << 20), "MiB");
        }
        finally
        {
            sockets.ForEach(static s => s.Dispose());
        }
    }

    private static async Task<bool> InOrderAsync(ChangeSocket socket, int count, CancellationToken cancellationToken)
    {
        long last = 0;
        while (last < count)
        {
            foreach (var sequence in await socket.NextAsync(cancellationToken).ConfigureAwait(false))
            {
                if (sequence != ++last)
                {
                    return false;
                }
            }
        }

        return true;
    }
}

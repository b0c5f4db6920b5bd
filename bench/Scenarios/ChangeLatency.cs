using System.Diagnostics;

namespace Granary.Bench.Scenarios;

/// <summary>
/// From the commit to the frame at 500 changes a second. The commit's time is that of the entry in the log, which both
/// clocks of one machine agree on to the millisecond; the frame's is when a socket had it.
/// </summary>
internal sealed class ChangeLatency : Scenario
{
    private const int PerSecond = 500;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    public override string Name => "change-latency";

    public override string Summary => $"commit to frame on one socket at {PerSecond} changes a second";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        var load = new ChangeLoad(server, PerSecond, connections: 16);
        await new ChangeLoad(server, PerSecond, connections: 16).RunAsync(TimeSpan.FromSeconds(3), cancellationToken).ConfigureAwait(false); // warm
        using var socket = await TimedSocket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var reading = socket.ReadAsync((int)(PerSecond * Length.TotalSeconds), cancellationToken);
        var clock = Stopwatch.StartNew();
        await load.RunAsync(Length, cancellationToken).ConfigureAwait(false);
        var rate = load.Count / clock.Elapsed.TotalSeconds;
        var latencies = await reading.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
        latencies.Sort();
        context.Tell("changes a second", rate, "/s");
        context.Hold("commit to frame, median", latencies[latencies.Count / 2], "ms", 20, atMost: true);
        context.Hold("commit to frame, 99th percentile", latencies[latencies.Count * 99 / 100], "ms", 100, atMost: true);
    }

    /// <summary>A whole client of the framework's, because times are inside the frames.</summary>
    private sealed class TimedSocket(System.Net.WebSockets.ClientWebSocket socket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[64 << 10];

        public static async Task<TimedSocket> ConnectAsync(GranaryServer server, CancellationToken cancellationToken)
        {
            var socket = new System.Net.WebSockets.ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", "Bearer " + server.Token);
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/api/v1/scopes/main/changes"), cancellationToken).ConfigureAwait(false);
            return new TimedSocket(socket);
        }

        public async Task<List<double>> ReadAsync(int count, CancellationToken cancellationToken)
        {
            var latencies = new List<double>(count);
            while (latencies.Count < count)
            {
                var length = 0;
                while (true)
                {
                    var part = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                    length += part.Count;
                    if (part.EndOfMessage)
                    {
                        break;
                    }
                }

                var now = TimeProvider.System.GetUtcNow();
                using var frame = System.Text.Json.JsonDocument.Parse(_buffer.AsMemory(0, length));
                if (frame.RootElement.GetProperty("type").GetString() == "change")
                {
                    latencies.Add((now - frame.RootElement.GetProperty("change").GetProperty("time").GetDateTimeOffset()).TotalMilliseconds);
                }
            }

            return latencies;
        }

        public void Dispose() => socket.Dispose();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>Stores small files at a steady rate over some connections, and remembers when each was asked to be stored.</summary>
internal sealed class ChangeLoad(GranaryServer server, int perSecond, int connections)
{
    private readonly ConcurrentDictionary<long, long> _answered = new();

    /// <summary>Changes that were answered, with the time of the answer.</summary>
    public ConcurrentDictionary<long, long> Answered => _answered;

    /// <summary>How many were stored.</summary>
    public int Count => _answered.Count;

    /// <summary>Runs for a while.</summary>
    public async Task RunAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var total = (int)(perSecond * time.TotalSeconds);
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, connections, new ParallelOptions { MaxDegreeOfParallelism = connections, CancellationToken = cancellationToken }, async (number, token) =>
        {
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, token).ConfigureAwait(false);
            var body = new byte[64];
            for (var i = number; i < total; i += connections)
            {
                var due = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due, token).ConfigureAwait(false);
                }

                BitConverter.TryWriteBytes(body, i);
                var status = await wire.PutAsync($"/api/v1/scopes/main/files/changes/{i}", body, token).ConfigureAwait(false);
                if (status is < 200 or > 299)
                {
                    throw new InvalidDataException($"The server answered {status}.");
                }

                _answered[i] = Stopwatch.GetTimestamp();
            }
        }).ConfigureAwait(false);
    }
}

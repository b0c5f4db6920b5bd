using System.Text.Json.Nodes;
using Granary.Stores;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Content;

/// <summary>Senders that stand still do not keep the buffers from those that send.</summary>
public sealed class IdleSenderTests(ITestOutputHelper output)
{
    private const int Budget = 64 << 20;
    private static readonly int s_crowd = Seeds.Soak ? 500 : 100;
    private const int Half = 2 << 20;

    [Fact]
    public async Task A_fast_sender_gets_through_a_crowd_of_idle_ones_and_an_idle_one_is_told_503()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions
        {
            Settings = { ["GRANARY_BUFFER_BYTES"] = Budget.ToString() },
        });
        var pool = host.Services.GetRequiredService<ChunkBufferPool>();
        var bytes = Seeds.Create(output).Bytes(Half);
        var idle = new List<RawHttp>();
        var most = 0L;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                most = Math.Max(most, pool.InUseBytes);
                await Task.Delay(5, CancellationToken.None);
            }
        });
        try
        {
            for (var i = 0; i < s_crowd; i++)
            {
                var raw = await RawHttp.ConnectAsync(new Uri(host.Url).Port);
                idle.Add(raw);
                await raw.WriteAsync(
                    $"PUT /api/v1/scopes/main/files/idle{i} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {host.OperatorKey}\r\nContent-Length: {2 * Half}\r\n\r\n");
                _ = SendQuietlyAsync(raw, bytes);
            }

            await Eventually.BecomesAsync(() => pool.Waiters > 0, "the idle senders hold the budget");
            using var content = new ByteArrayContent(Seeds.Create(output, 1).Bytes(3 * Half));
            using var put = await host.Client.PutAsync("api/v1/scopes/main/files/fast", content).WithinAsync("the fast sender's answer", TimeSpan.FromSeconds(60));
            await HttpWorld.JsonOf(put, 201);

            var answers = await Task.WhenAny(idle.Select(raw => raw.ReadAsync())).WithinAsync("an idle sender's answer", TimeSpan.FromSeconds(60));
            var refused = await answers;
            Assert.Equal(503, refused.Status);
            Assert.Equal("busy", (string?)JsonNode.Parse(refused.Body)!["code"]);
        }
        finally
        {
            foreach (var raw in idle)
                raw.Dispose();
            await stop.CancelAsync();
            await watching;
        }

        Assert.InRange(most, 1, Budget);
        await Eventually.BecomesAsync(() => pool.InUseBytes == 0, "all buffers are back");
    }

    /// <summary>Part of it waits in sockets until the server takes it, or the test ends.</summary>
    private static async Task SendQuietlyAsync(RawHttp raw, byte[] bytes)
    {
        try
        {
            await raw.WriteAsync(bytes);
        }
        catch (Exception error) when (error is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
        }
    }
}

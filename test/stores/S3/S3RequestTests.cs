using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>What the S3 store sends, as a server sees it that only reads and says yes.</summary>
public sealed class S3RequestTests(ITestOutputHelper output) : IDisposable
{
    private readonly Random _random = Seeds.Create(output);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _heads = new();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData(65_536, false)]
    [InlineData((1 << 20) - 1, false)]
    [InlineData(1 << 20, true)]
    public async Task A_small_put_is_sent_at_once_and_a_large_one_asks_first(int bytes, bool asks)
    {
        _listener.Start();
        var serving = ServeOneAsync();
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(bytes));
        var endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        await using (var store = new S3ChunkStore(Definitions.S3("bucket", "", endpoint, new StoreCredentials("key", "secret")), TimeProvider.System))
        {
            await store.PutAsync(new LocationKey("t1", chunk.Hash, 1), chunk, default).WithinAsync("the put");
        }

        Assert.Equal(bytes, await serving);
        var head = Assert.Single(_heads);
        Assert.StartsWith("PUT /bucket/chunks/t1/", head, StringComparison.Ordinal);
        Assert.Equal(asks, head.Contains("Expect: 100-continue", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<long> ServeOneAsync()
    {
        using var client = await _listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            head.Append((char)one[0]);
        }

        _heads.Enqueue(head.ToString());
        if (head.ToString().Contains("100-continue", StringComparison.OrdinalIgnoreCase))
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        var length = head.ToString().Split("\r\n").First(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1];
        var body = new byte[int.Parse(length, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        return body.Length;
    }
}

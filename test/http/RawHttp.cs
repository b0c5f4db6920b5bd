using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Http.Tests;

/// <summary>One connection on which a test writes exactly the bytes it means to.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _left = [];

    public static async Task<RawHttp> ConnectAsync(int port)
    {
        var raw = new RawHttp();
        await raw._socket.ConnectAsync(IPAddress.Loopback, port);
        return raw;
    }

    /// <summary>Sends one request on a connection of its own and reads the answer.</summary>
    public static async Task<RawAnswer> AskAsync(int port, string request)
    {
        using var raw = await ConnectAsync(port);
        await raw.WriteAsync(request);
        return await raw.ReadAsync(request.StartsWith("HEAD", StringComparison.Ordinal));
    }

    public Task WriteAsync(string latin1) => WriteAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task WriteAsync(byte[] bytes) => await _socket.SendAsync(bytes);

    /// <summary>Ends the sending side; the other goes on.</summary>
    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection off without a goodbye.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public async Task<RawAnswer> ReadAsync(bool headOnly = false)
    {
        var head = await ReadUntilAsync("\r\n\r\n");
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var status = int.Parse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var length = !headOnly && headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        return new RawAnswer(status, headers, Encoding.UTF8.GetString(await ReadBytesAsync(length)));
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> ReadUntilAsync(string end)
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString(_left);
            var at = text.IndexOf(end, StringComparison.Ordinal);
            if (at >= 0)
            {
                _left = _left[(at + end.Length)..];
                return text[..at];
            }

            await ReceiveAsync();
        }
    }

    private async Task<byte[]> ReadBytesAsync(int count)
    {
        while (_left.Length < count)
            await ReceiveAsync();
        var bytes = _left[..count];
        _left = _left[count..];
        return bytes;
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64 << 10];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var count = await _socket.ReceiveAsync(buffer, limit.Token);
        if (count == 0)
            throw new EndOfStreamException("The server closed the connection.");
        _left = [.. _left, .. buffer.AsSpan(0, count)];
    }
}

internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

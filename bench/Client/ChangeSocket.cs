using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Bench.Client;

/// <summary>
/// One WebSocket driven by hand that finds sequence numbers in the frames it is sent: as light as the bench needs for
/// thousands of them. The server's frames are not masked, so the text is found as it is.
/// </summary>
internal sealed class ChangeSocket : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer;
    private int _length;

    private ChangeSocket(Socket socket, int buffer) => (_socket, _buffer) = (socket, new byte[buffer]);

    /// <summary>Connects and reads the answer to the handshake.</summary>
    public static async Task<ChangeSocket> ConnectAsync(int port, string token, string target, int buffer, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken).ConfigureAwait(false);
        var client = new ChangeSocket(socket, buffer);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {token}\r\n\r\n"),
            cancellationToken).ConfigureAwait(false);
        int end;
        while ((end = client._buffer.AsSpan(0, client._length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await client.FillAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!client._buffer.AsSpan(0, end).StartsWith("HTTP/1.1 101"u8))
        {
            throw new IOException("The server did not accept the WebSocket: " + Encoding.ASCII.GetString(client._buffer, 0, Math.Min(end, 60)));
        }

        client.Drop(end + 4);
        return client;
    }

    /// <summary>Waits for the frame that says that the socket follows.</summary>
    public async Task ConnectedAsync(CancellationToken cancellationToken)
    {
        int at;
        while ((at = _buffer.AsSpan(0, _length).IndexOf("\"connected\""u8)) < 0)
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        Drop(at + 11);
    }

    /// <summary>Sequence numbers of the changes in what arrives next.</summary>
    public async Task<List<long>> NextAsync(CancellationToken cancellationToken)
    {
        var found = new List<long>();
        while (true)
        {
            var used = 0;
            while (Find(used, out var sequence, out var next))
            {
                found.Add(sequence);
                used = next;
            }

            Drop(used);
            if (found.Count > 0)
            {
                return found;
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    // "change":{"sequence":N, is only in frames of changes; it counts when the comma is there.
    private bool Find(int from, out long sequence, out int next)
    {
        (sequence, next) = (0, 0);
        var name = "\"change\":{\"sequence\":"u8;
        var rest = _buffer.AsSpan(from, _length - from);
        var at = rest.IndexOf(name);
        if (at < 0)
        {
            return false;
        }

        var digits = rest[(at + name.Length)..];
        var comma = digits.IndexOf((byte)',');
        if (comma < 0)
        {
            return false;
        }

        sequence = long.Parse(digits[..comma], NumberStyles.None, CultureInfo.InvariantCulture);
        next = from + at + name.Length + comma;
        return true;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_length == _buffer.Length)
        {
            // Only the tail can still be a part of a number that is looked for.
            if (_length > 4096)
            {
                Drop(_length - 64);
            }
            else
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }

        var got = await _socket.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None, cancellationToken).ConfigureAwait(false);
        _length += got > 0 ? got : throw new IOException("The server closed the WebSocket.");
    }

    private void Drop(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Bench.Client;

/// <summary>
/// One HTTP/1.1 connection driven by hand: the same light client for every server, so that its own cost stays out of the
/// ratios. Reads bodies by Content-Length, and drops small chunked ones.
/// </summary>
internal sealed class Wire : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[256 << 10];
    private readonly string _authorization;
    private int _start;
    private int _end;

    private Wire(Socket socket, string? token)
    {
        _socket = socket;
        _authorization = token is null ? "" : $"Authorization: Bearer {token}\r\n";
    }

    public static async Task<Wire> ConnectAsync(int port, string? token, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken).ConfigureAwait(false);
        return new Wire(socket, token);
    }

    /// <summary>Sends a PUT whose body is a file, from the page cache (sendfile), and returns the status.</summary>
    public async Task<int> PutFileAsync(string target, string file, CancellationToken cancellationToken)
    {
        var head = Head("PUT", target, new FileInfo(file).Length);
        await _socket.SendFileAsync(file, head, default, TransmitFileOptions.UseDefaultWorkerThread, cancellationToken).ConfigureAwait(false);
        return await ReadResponseAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a PUT of a small body in one piece and returns the status.</summary>
    public async Task<int> PutAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var head = Head("PUT", target, body.Length);
        var message = new byte[head.Length + body.Length];
        head.CopyTo(message, 0);
        body.CopyTo(message.AsMemory(head.Length));
        await SendAsync(message, cancellationToken).ConfigureAwait(false);
        return await ReadResponseAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a PUT whose body is a part of a file, from the page cache (sendfile), and returns the status.</summary>
    public async Task<int> PutFilePartAsync(string target, FileStream file, long offset, int count, CancellationToken cancellationToken)
    {
        await SendAsync(Head("PUT", target, count), cancellationToken).ConfigureAwait(false);
        var sent = new TaskCompletionSource<SocketError>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var sending = new SocketAsyncEventArgs { SendPacketsElements = [new SendPacketsElement(file, offset, count)] };
        sending.Completed += (_, e) => sent.TrySetResult(e.SocketError);
        if (!_socket.SendPacketsAsync(sending))
        {
            sent.TrySetResult(sending.SocketError);
        }

        return await sent.Task.WaitAsync(cancellationToken).ConfigureAwait(false) == SocketError.Success
            ? await ReadResponseAsync(null, cancellationToken).ConfigureAwait(false)
            : throw new IOException("The connection broke off.");
    }

    /// <summary>Sends a GET, drops the body, and returns the status; the length goes to <paramref name="length"/>.</summary>
    public async Task<int> GetAsync(string target, Action<long>? length, CancellationToken cancellationToken)
    {
        await SendAsync(Head("GET", target, null), cancellationToken).ConfigureAwait(false);
        return await ReadResponseAsync(length, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends the head and a part of a body, and leaves the request open.</summary>
    public async Task PutPartlyAsync(string target, long declared, ReadOnlyMemory<byte> sent, CancellationToken cancellationToken)
    {
        await SendAsync(Head("PUT", target, declared), cancellationToken).ConfigureAwait(false);
        await SendAsync(sent, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private byte[] Head(string method, string target, long? length) => Encoding.ASCII.GetBytes(
        $"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_authorization}"
        + (length is { } n ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {n}\r\n") : "") + "\r\n");

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private async Task<int> ReadResponseAsync(Action<long>? told, CancellationToken cancellationToken)
    {
        int headEnd;
        while ((headEnd = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        var head = Encoding.ASCII.GetString(_buffer, _start, headEnd);
        _start += headEnd + 4;
        var status = int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture);
        if (head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            await SkipChunkedAsync(cancellationToken).ConfigureAwait(false);
            return status;
        }

        var left = ContentLength(head);
        told?.Invoke(left);
        var buffered = (int)Math.Min(left, _end - _start);
        _start += buffered;
        left -= buffered;
        while (left > 0)
        {
            var got = await _socket.ReceiveAsync(
                _buffer.AsMemory(0, (int)Math.Min(_buffer.Length, left)), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            left -= got > 0 ? got : throw new IOException("The connection ended inside a body.");
        }

        return status;
    }

    /// <summary>Drops a small chunked answer, such as JSON, up to its last chunk.</summary>
    private async Task SkipChunkedAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n0\r\n\r\n"u8)) < 0)
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        _start += end + 7;
    }

    private static long ContentLength(string head)
    {
        const string name = "\r\nContent-Length: ";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return 0;
        }

        var value = head.AsSpan(at + name.Length);
        var end = value.IndexOf('\r');
        return long.Parse(end < 0 ? value : value[..end], CultureInfo.InvariantCulture);
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        var got = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken).ConfigureAwait(false);
        _end += got > 0 ? got : throw new IOException("The connection ended before an answer.");
    }
}

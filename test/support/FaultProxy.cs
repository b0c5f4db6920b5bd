using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.TestSupport;

/// <summary>What the proxy does with a request.</summary>
public enum ProxyFault
{
    /// <summary>Closes the connection with a reset before anything is forwarded.</summary>
    Reset,

    /// <summary>Takes the request and never answers.</summary>
    Hang,

    /// <summary>Answers with <see cref="ProxyRule.Status"/> and <see cref="ProxyRule.Body"/> itself.</summary>
    Answer,

    /// <summary>Forwards, and closes the connection after <see cref="ProxyRule.Bytes"/> bytes of the answer's body.</summary>
    CutAnswer,

    /// <summary>Forwards, and flips a bit of the answer's body at <see cref="ProxyRule.Bytes"/>.</summary>
    FlipAnswer,

    /// <summary>Flips a bit of the request's body at <see cref="ProxyRule.Bytes"/>.</summary>
    FlipRequest,

    /// <summary>Forwards, waits for the whole answer, and closes the connection instead of passing it on.</summary>
    LoseAnswer,
}

/// <summary>One thing that goes wrong.</summary>
/// <param name="Fault">What.</param>
public sealed record ProxyRule(ProxyFault Fault)
{
    private int _left = int.MaxValue;

    /// <summary>How often; then requests pass again. Always by default.</summary>
    public int Times
    {
        get => _left;
        init => _left = value;
    }

    /// <summary>Which requests, by method and target; all by default.</summary>
    public Func<string, string, bool> Matches { get; init; } = (_, _) => true;

    /// <summary>The status of an answer of the proxy's own.</summary>
    public int Status { get; init; } = 500;

    /// <summary>The body of an answer of the proxy's own.</summary>
    public string Body { get; init; } = "";

    /// <summary>Where in a body it happens.</summary>
    public long Bytes { get; init; }

    internal bool Take() => Interlocked.Decrement(ref _left) >= 0;
}

/// <summary>
/// A proxy before a real HTTP/1.1 server, for faults that a real server does not produce on command. One request for a
/// connection: it asks the server to close after each answer.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Uri _upstream;
    private readonly ConnectionLoop _loop;
    private readonly CancellationTokenSource _closing = new();
    private int _requests;

    /// <summary>Begins to listen.</summary>
    /// <param name="upstream">The real server; plain HTTP.</param>
    public FaultProxy(Uri upstream)
    {
        _upstream = upstream;
        _loop = new(IPAddress.Loopback, (client, _) => ServeAsync(new TcpClient { Client = client }));
        Endpoint = new($"http://127.0.0.1:{_loop.Port}");
    }

    /// <summary>The proxy's own address.</summary>
    public Uri Endpoint { get; }

    /// <summary>What goes wrong; null: nothing.</summary>
    public ProxyRule? Rule { get; set; }

    /// <summary>The lines of the head of every request that arrived: request line, then fields.</summary>
    public ConcurrentQueue<string[]> Heads { get; } = new();

    /// <summary>Requests that arrived.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Request lines whose answer was passed on to its end.</summary>
    public ConcurrentQueue<string> Answered { get; } = new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _loop.DisposeAsync();
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                if (await ReadHeadAsync(stream) is not { } head)
                    return;
                Interlocked.Increment(ref _requests);
                Heads.Enqueue([.. head.Lines]);
                var line = head.Lines[0].Split(' ');
                var rule = Rule is { } set && set.Matches(line[0], line[1]) && set.Take() ? set : null;
                await (rule?.Fault switch
                {
                    ProxyFault.Reset => ResetAsync(client),
                    ProxyFault.Hang => Task.Delay(Timeout.Infinite, _closing.Token),
                    ProxyFault.Answer => AnswerAsync(stream, head, rule),
                    _ => ForwardAsync(client, stream, head, rule),
                });
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    private static Task ResetAsync(TcpClient client)
    {
        client.LingerState = new(true, 0);
        return Task.CompletedTask;
    }

    private async Task AnswerAsync(NetworkStream stream, Head head, ProxyRule rule)
    {
        // A client that sends its body before it listens would be cut off in the middle of it.
        if (head.Value("Expect") is null)
            await DrainAsync(stream, head);
        var body = Encoding.UTF8.GetBytes(rule.Body);
        var text = $"HTTP/1.1 {rule.Status} Fault\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _closing.Token);
        if (!head.Lines[0].StartsWith("HEAD ", StringComparison.Ordinal))
            await stream.WriteAsync(body, _closing.Token);
    }

    private async Task DrainAsync(NetworkStream stream, Head head)
    {
        var left = head.ContentLength - head.Rest.Length;
        var buffer = new byte[64 << 10];
        while (left > 0)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), _closing.Token);
            if (read == 0)
                return;
            left -= read;
        }
    }

    private async Task ForwardAsync(TcpClient client, NetworkStream stream, Head head, ProxyRule? rule)
    {
        using var server = new TcpClient { NoDelay = true };
        await server.ConnectAsync(_upstream.Host, _upstream.Port, _closing.Token);
        var upstream = server.GetStream();
        var lines = head.Lines.Where(l => !l.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase)).Append("Connection: close");
        await upstream.WriteAsync(Encoding.Latin1.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), _closing.Token);
        var flip = rule?.Fault == ProxyFault.FlipRequest ? rule.Bytes : -1;
        var sending = CopyAsync(stream, upstream, head.Rest, flip, long.MaxValue);
        var kept = rule?.Fault == ProxyFault.LoseAnswer ? Stream.Null : stream;
        byte[] left = [];
        while (await ReadHeadAsync(upstream, left) is { } answer)
        {
            left = answer.Rest;
            // "100 Continue" is passed on in any case: the client waits for it before it sends its body.
            var interim = answer.Lines[0].Split(' ')[1][0] == '1';
            await (interim ? stream : kept).WriteAsync(Encoding.Latin1.GetBytes(string.Join("\r\n", answer.Lines) + "\r\n\r\n"), _closing.Token);
            if (interim)
                continue;

            await CopyAsync(
                upstream, kept, answer.Rest,
                rule?.Fault == ProxyFault.FlipAnswer ? rule.Bytes : -1,
                rule?.Fault == ProxyFault.CutAnswer ? rule.Bytes : long.MaxValue);
            break;
        }

        if (rule?.Fault is ProxyFault.CutAnswer or ProxyFault.LoseAnswer)
            await ResetAsync(client);
        client.Close();
        if (rule is null)
            Answered.Enqueue(head.Lines[0]);
        await sending;
    }

    /// <summary>Copies until the source ends or so many bytes have passed, flipping a bit of one of them.</summary>
    private async Task CopyAsync(NetworkStream from, Stream to, byte[] first, long flip, long most)
    {
        var buffer = new byte[64 << 10];
        var passed = 0L;
        try
        {
            var chunk = first.AsMemory();
            while (true)
            {
                chunk = chunk[..(int)Math.Min(chunk.Length, most - passed)];
                if (flip >= passed && flip < passed + chunk.Length)
                    chunk.Span[(int)(flip - passed)] ^= 1;
                await to.WriteAsync(chunk, _closing.Token);
                passed += chunk.Length;
                if (passed >= most)
                    return;
                var read = await from.ReadAsync(buffer, _closing.Token);
                if (read == 0)
                    return;
                chunk = buffer.AsMemory(0, read);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    private async Task<Head?> ReadHeadAsync(NetworkStream stream, byte[]? first = null)
    {
        var buffer = new byte[64 << 10];
        var length = first?.Length ?? 0;
        first?.CopyTo(buffer, 0);
        while (true)
        {
            if (length == 0 || buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), _closing.Token);
                if (read == 0)
                    return null;
                length += read;
            }

            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return new(Encoding.Latin1.GetString(buffer, 0, end).Split("\r\n"), buffer[(end + 4)..length]);
            if (length == buffer.Length)
                throw new IOException("The head is too long.");
        }
    }

    private sealed record Head(string[] Lines, byte[] Rest)
    {
        public long ContentLength => long.TryParse(Value("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : 0;

        public string? Value(string name) =>
            Lines.Skip(1).FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) is { } line ? line[(name.Length + 1)..].Trim() : null;
    }
}

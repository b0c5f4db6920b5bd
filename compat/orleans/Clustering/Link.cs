using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>One TCP connection between two silos: envelopes both ways, each a length and its bytes. Either side may have opened it.</summary>
internal sealed class Link(RedisCluster cluster) {
    private const int MaxFrame = 256 << 20;
    private const string Protocol = "granary-silo/1";
    private readonly Channel<Envelope> _waiting = Channel.CreateUnbounded<Envelope>(new UnboundedChannelOptions { SingleReader = true });

    public SiloAddress? Peer { get; private set; }
    public bool Send(Envelope envelope) => _waiting.Writer.TryWrite(envelope);

    /// <summary>Opens the connection, and works until it breaks. What is sent meanwhile waits.</summary>
    public async Task DialAsync(SiloAddress peer, TimeSpan patience, CancellationToken token) {
        Peer = peer;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(token);
            late.CancelAfter(patience);
            await socket.ConnectAsync(peer.Endpoint, late.Token);
            await RunAsync(socket, Hello(peer), late.Token, token);
        } catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or SerializerException) {
            socket.Dispose();
            Close(error);
        }
    }

    public async Task AcceptAsync(Socket socket, TimeSpan patience, CancellationToken token) {
        try {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(token);
            late.CancelAfter(patience);
            await RunAsync(socket, null, late.Token, token);
        } catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or SerializerException or FormatException) {
            socket.Dispose();
            Close(error);
        }
    }

    /// <summary>Who dials says first who it is, which cluster it means, and whom it wants; nobody else is listened to.</summary>
    private async Task RunAsync(Socket socket, byte[]? hello, CancellationToken handshake, CancellationToken token) {
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        await using var input = new BufferedStream(stream, 64 << 10);
        if (hello is not null) {
            await stream.WriteAsync(hello, handshake);
        } else {
            var said = new Reader(await ReadFrameAsync(input, handshake) ?? throw new IOException("Closed."), null, cluster.Endpoint);
            if (said.String() != Protocol || said.String() != cluster.Name || said.String() is var from && said.String() != cluster.Endpoint.Address.ToParsableString())
                throw new IOException("Somebody who means another silo.");
            cluster.Adopt(Peer = SiloAddress.FromParsableString(from), this);
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(token);
        var (reading, writing) = (ReadAsync(input, end.Token), WriteAsync(stream, end.Token));
        var first = await Task.WhenAny(reading, writing);
        await end.CancelAsync();
        socket.Dispose();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
        throw new IOException("The other side closed.");
    }

    private async Task ReadAsync(Stream input, CancellationToken token) {
        while (await ReadFrameAsync(input, token) is { } frame)
            cluster.Received(Peer!, Decode(new Reader(frame, null, cluster.Endpoint)));
    }

    private async Task WriteAsync(NetworkStream stream, CancellationToken token) {
        while (await _waiting.Reader.WaitToReadAsync(token)) {
            var batch = new Writer(sharing: false);
            while (batch.Written.Length < 64 << 10 && _waiting.Reader.TryRead(out var envelope))
                Encode(batch, envelope);
            await cluster.MaySendAsync(token);
            await stream.WriteAsync(batch.Written, token);
        }
    }

    private void Close(Exception error) {
        _waiting.Writer.TryComplete();
        cluster.Broken(this, error);
    }

    private static async Task<byte[]?> ReadFrameAsync(Stream input, CancellationToken token) {
        var head = new byte[4];
        if (await input.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, token) < 4)
            return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        var frame = length is >= 0 and <= MaxFrame ? new byte[length] : throw new IOException("Not a frame.");
        await input.ReadExactlyAsync(frame, token);
        return frame;
    }

    private byte[] Hello(SiloAddress peer) {
        var hello = new Writer(sharing: false);
        Array.ForEach([Protocol, cluster.Name, cluster.Endpoint.Address.ToParsableString(), peer.ToParsableString()], hello.String);
        var frame = new byte[4 + hello.Written.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, hello.Written.Length);
        hello.Written.CopyTo(frame.AsMemory(4));
        return frame;
    }

    private static void Encode(Writer batch, Envelope envelope) {
        var start = batch.Written.Length;
        batch.Blit(0);
        batch.Byte((byte)envelope.Kind);
        batch.Blit(envelope.Id);
        batch.String(envelope.From.ToParsableString());
        batch.String(envelope.Grain.ToString());
        batch.String(envelope.Source?.ToString() ?? "");
        batch.String(envelope.Method ?? "");
        batch.Blit(envelope.Patience.Ticks);
        batch.Flag(envelope.Cancellable);
        batch.Byte((byte)envelope.Forwards);
        batch.Bytes(envelope.Body.Span);
        batch.Patch(start, batch.Written.Length - start - sizeof(int));
    }

    private static Envelope Decode(Reader frame) => new() {
        Kind = (EnvelopeKind)frame.Byte(), Id = frame.Blit<long>(), From = SiloAddress.FromParsableString(frame.String()), Grain = GrainId.Parse(frame.String()),
        Source = frame.String() is { Length: > 0 } source ? GrainId.Parse(source) : null, Method = frame.String() is { Length: > 0 } method ? method : null,
        Patience = new TimeSpan(frame.Blit<long>()), Cancellable = frame.Byte() != 0, Forwards = frame.Byte(), Body = frame.Bytes().ToArray(),
    };
}

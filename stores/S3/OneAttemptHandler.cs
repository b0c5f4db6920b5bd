namespace Granary.Stores;

/// <summary>
/// Sends each put and delete once. The SDK, with its retries off, still sends a put a second time when its connection breaks
/// before the answer, and .NET's own handler does so with a delete. A silo that was frozen and woken would so repeat an old
/// signed request without the look, before every attempt, whether it is still a member.
/// </summary>
internal sealed class OneAttemptHandler : DelegatingHandler
{
    /// <summary>From here on a put asks before it sends its bytes; below, the question costs more than bytes that are sent in vain.</summary>
    public const long AskingBytes = 1 << 20;

    private static readonly AsyncLocal<Attempt?> s_attempt = new();

    /// <summary>Wraps a handler, whose connections it watches.</summary>
    public OneAttemptHandler(SocketsHttpHandler inner)
        : base(inner) =>
        inner.PlaintextStreamFilter = static (context, _) => new(new WatchedStream(context.PlaintextStream));

    /// <summary>Begins an attempt. It lasts until the calling asynchronous method returns, and flows down to the writes of its request.</summary>
    public static void Begin() => s_attempt.Value = new();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head)
            s_attempt.Value = null;
        if (request.Content?.Headers.ContentLength < AskingBytes)
            request.Headers.ExpectContinue = false;
        return s_attempt.Value is not { } attempt || attempt.TrySend()
            ? base.SendAsync(request, cancellationToken)
            : Task.FromException<HttpResponseMessage>(new HttpRequestException(Attempt.Broken));
    }

    private sealed class Attempt
    {
        public const string Broken = "The connection broke before the answer came.";

        private WatchedStream? _connection;
        private int _sent;

        /// <summary>False from the second time on: the SDK repeats.</summary>
        public bool TrySend() => Interlocked.Exchange(ref _sent, 1) == 0;

        /// <summary>Throws on a second connection: .NET's handler repeats.</summary>
        public void Uses(WatchedStream connection)
        {
            var first = Interlocked.CompareExchange(ref _connection, connection, null);
            if (first is not null && first != connection)
                throw new IOException(Broken);
        }
    }

    private sealed class WatchedStream(Stream inner) : Stream
    {
        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => false;

        public override bool CanWrite => inner.CanWrite;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            s_attempt.Value?.Uses(this);
            inner.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            s_attempt.Value?.Uses(this);
            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

namespace Granary.ClientApi.Changes;

/// <summary>
/// The bytes of an upgraded connection with one writer at a time: the framework's WebSocket reads and answers pings and
/// closes through it, and each of its writes is one frame; the socket's own writer puts whole frames, many at once, between
/// those.
/// </summary>
internal sealed class FrameStream(Stream inner, Action abort) : Stream
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _requestGate = new();
    private bool _requestEnded;

    /// <summary>
    /// Breaks the connection, while its request lasts. A WebSocket that is done with its stream only disposes it: then the end
    /// of the request ends the connection, after what was written has been sent.
    /// </summary>
    public void Break()
    {
        lock (_requestGate)
        {
            if (!_requestEnded)
                abort();
        }
    }

    /// <summary>The request is about to end: what still wants to break the connection finds that done, not a request that is gone.</summary>
    public void EndRequest()
    {
        lock (_requestGate)
            _requestEnded = true;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await inner.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    // The server's stream sends each write on its way.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

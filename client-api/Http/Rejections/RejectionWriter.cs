using System.IO.Pipelines;
using System.Text;

namespace Granary.ClientApi.Http.Rejections;

/// <summary>
/// The connection's output. Passes everything through; only once the connection is marked does it replace the server's bare
/// 4xx answer (a status line and an empty body) by the same status with a problem body.
/// </summary>
internal sealed class RejectionWriter(PipeWriter inner, RejectionState state) : PipeWriter
{
    private Memory<byte> _lent;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _lent = inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (state.Problem is { } problem && IsBareRefusal(_lent.Span[..bytes]))
        {
            state.Problem = null;
            WriteRefusal(problem);
            return;
        }

        inner.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private static bool IsBareRefusal(ReadOnlySpan<byte> written) =>
        written.StartsWith("HTTP/1.1 "u8) && written.IndexOf("Content-Length: 0\r\n"u8) > 0;

    private void WriteRefusal(Problem problem)
    {
        var body = problem.ToUtf8();
        var head = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {problem.Kind.Status} {problem.Kind.Title}\r\nContent-Type: {Problem.MediaType}\r\n"
            + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        var destination = inner.GetSpan(head.Length + body.Length);
        head.CopyTo(destination);
        body.Span.CopyTo(destination[head.Length..]);
        inner.Advance(head.Length + body.Length);
    }
}

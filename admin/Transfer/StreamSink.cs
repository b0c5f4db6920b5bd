using System.Buffers;
using Granary.Admin.Output;

namespace Granary.Admin.Transfer;

/// <summary>Standard output, which cannot take bytes back: a chunk is held until it is verified.</summary>
internal sealed class StreamSink(Terminal terminal) : IChunkSink
{
    private readonly ArrayBufferWriter<byte> chunk = new();

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        chunk.Write(bytes.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        terminal.FlushPage();
        await terminal.OutputStream.WriteAsync(chunk.WrittenMemory, cancellationToken);
        chunk.ResetWrittenCount();
    }

    /// <inheritdoc />
    public void Rollback() => chunk.ResetWrittenCount();
}

using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Granary.Admin.Transfer;

/// <summary>
/// The body of a PUT. It computes the ETag of what it sends, so that the answer can be compared with it, and it keeps
/// failures of its own source apart from those of the connection.
/// </summary>
internal abstract class UploadContent : HttpContent
{
    /// <summary>Bytes that are read at a time.</summary>
    protected const int PieceSize = 256 * 1024;

    private bool takenBack;

    /// <summary>Why the source could not be sent, when that is the reason.</summary>
    public LocalFileException? LocalFailure { get; private set; }

    /// <summary>Whether another attempt can send the same bytes again.</summary>
    public abstract bool CanRepeat { get; }

    /// <summary>The ETag of the bytes that were sent, once all were.</summary>
    public string? Tag { get; private set; }

    /// <summary>How many bytes were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Set once the server has stored it; otherwise the progress is taken back at disposal.</summary>
    public bool Accepted { get; set; }

    /// <summary>Told that bytes moved; set by the client.</summary>
    public Action? Moved { get; set; }

    /// <summary>Told how many bytes were sent; negative when an attempt starts over.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Sets the headers that describe the body.</summary>
    protected void Describe(string contentType)
    {
        Headers.ContentType = MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? parsed : new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>What computes the ETag on the way; null where nobody asks for it.</summary>
    protected virtual ContentTag? MakeTag() => new();

    /// <summary>Reads the next bytes of the source; 0 at its end.</summary>
    /// <exception cref="LocalFileException">The source fails or has changed.</exception>
    protected abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc />
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        using var tag = MakeTag();
        try
        {
            while (await ReadAsync(buffer.AsMemory(0, PieceSize), cancellationToken) is var count and > 0)
            {
                tag?.Append(buffer.AsSpan(0, count));
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                Sent += count;
                Moved?.Invoke();
                Progress?.Invoke(count);
            }

            Tag = tag?.Finish();
        }
        catch (LocalFileException failure)
        {
            LocalFailure = failure;
            throw new IOException(failure.Message, failure);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing && !Accepted && !takenBack)
        {
            takenBack = true;
            Progress?.Invoke(-Sent);
        }

        base.Dispose(disposing);
    }
}

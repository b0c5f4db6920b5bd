using Microsoft.Win32.SafeHandles;

namespace Granary.Admin.Transfer.Sessions;

/// <summary>One part of a file as the body of a PUT. Its digest went ahead, so nothing is computed here.</summary>
internal sealed class PartContent : UploadContent
{
    private readonly SafeFileHandle file;
    private readonly long end;
    private readonly long length;
    private long position;

    /// <summary>The bytes from <paramref name="offset"/> on; the handle stays open.</summary>
    public PartContent(SafeFileHandle file, long offset, long length)
    {
        this.file = file;
        this.length = length;
        position = offset;
        end = offset + length;
        Describe("application/octet-stream");
        Headers.ContentLength = length;
    }

    /// <inheritdoc />
    public override bool CanRepeat => true;

    /// <inheritdoc />
    protected override ContentTag? MakeTag() => null;

    /// <inheritdoc />
    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (position == end)
            return 0;
        try
        {
            var count = await RandomAccess.ReadAsync(file, buffer[..(int)Math.Min(buffer.Length, end - position)], position, cancellationToken);
            position += count;
            return count > 0 ? count : throw new LocalFileException("the file became shorter while it was sent.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }
    }
}

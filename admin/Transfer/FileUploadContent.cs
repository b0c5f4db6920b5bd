using Microsoft.Win32.SafeHandles;

namespace Granary.Admin.Transfer;

/// <summary>
/// A file as the body of a PUT. Length and time are taken when it is opened; before the last piece goes out they are
/// compared, so that a file that somebody writes to meanwhile is never committed half old and half new.
/// </summary>
internal sealed class FileUploadContent : UploadContent
{
    private readonly string file;
    private readonly SafeFileHandle handle;
    private readonly long length;
    private readonly DateTime modified;
    private long position;
    private bool settled;

    /// <summary>Opens the file.</summary>
    /// <exception cref="LocalFileException">It cannot be opened.</exception>
    public FileUploadContent(string file, string contentType)
    {
        this.file = file;
        try
        {
            handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }

        length = RandomAccess.GetLength(handle);
        modified = File.GetLastWriteTimeUtc(handle);
        Describe(contentType);
        Headers.ContentLength = length;
    }

    /// <inheritdoc />
    public override bool CanRepeat => true;

    /// <summary>When the file was last written, as of its opening.</summary>
    public DateTime Modified => modified;

    /// <summary>How many bytes will be sent.</summary>
    public long Length => length;

    /// <inheritdoc />
    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var left = length - position;
        if (left == 0)
        {
            Settle();
            return 0;
        }

        int count;
        try
        {
            count = await RandomAccess.ReadAsync(handle, buffer[..(int)Math.Min(buffer.Length, left)], position, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }

        if (count == 0)
            throw new LocalFileException($"'{file}' became shorter while it was sent: {position} of {length} bytes were left.");
        position += count;
        if (position == length)
            Settle();
        return count;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            handle.Dispose();
        base.Dispose(disposing);
    }

    // Everything is read, the last piece is not sent: the request can still be broken off, and then nothing is stored.
    private void Settle()
    {
        if (settled)
            return;
        settled = true;
        var now = RandomAccess.GetLength(handle);
        if (now != length)
            throw new LocalFileException($"'{file}' {(now > length ? "grew" : "became shorter")} while it was sent: from {length} to {now} bytes.");
        if (File.GetLastWriteTimeUtc(handle) != modified)
            throw new LocalFileException($"'{file}' was written to while it was sent.");
    }
}

namespace Granary.Admin.Transfer;

/// <summary>
/// A file that appears whole or not at all: bytes go to a hidden file beside it, which takes its name when everything
/// is verified.
/// </summary>
internal sealed class FileSink : IChunkSink, IDisposable
{
    // Space is asked for first from this size on, so that a full disk is known before the download.
    private const long PreallocateFrom = 1 << 20;

    private readonly string path;
    private readonly string partial;
    private readonly FileStream file;
    private long committed;
    private bool kept;

    /// <summary>Opens the hidden file.</summary>
    /// <exception cref="LocalFileException">It cannot be made.</exception>
    public FileSink(string path, long size)
    {
        this.path = path;
        partial = Path.Combine(Path.GetDirectoryName(path) ?? "", $".granary-{Guid.NewGuid():n}.part");
        try
        {
            file = new FileStream(partial, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
                PreallocationSize = size >= PreallocateFrom ? size : 0,
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }
    }

    /// <inheritdoc />
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException error)
        {
            throw new LocalFileException($"'{path}' cannot be written: {error.Message}", error);
        }
    }

    /// <inheritdoc />
    public ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        committed = file.Position;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public void Rollback() => file.Position = committed;

    /// <summary>Gives the file its name and its time.</summary>
    public void Keep(DateTimeOffset? modified)
    {
        try
        {
            file.SetLength(committed);
            if (modified is { } time)
                File.SetLastWriteTimeUtc(file.SafeFileHandle, time.UtcDateTime);
            file.Dispose();
            File.Move(partial, path, overwrite: true);
            kept = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException($"'{path}' cannot be written: {error.Message}", error);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        file.Dispose();
        if (!kept)
            File.Delete(partial);
    }
}

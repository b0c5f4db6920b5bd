namespace Granary.Admin.Transfer;

/// <summary>Standard input as the body of a PUT, of unknown length; it can be repeated only while nothing was read.</summary>
internal sealed class StreamUploadContent : UploadContent
{
    private readonly Stream source;
    private readonly Flag started;
    private readonly byte[] piece = new byte[PieceSize];

    /// <summary>Reads from <paramref name="source"/>, which stays open.</summary>
    public StreamUploadContent(Stream source, Flag started, string contentType)
    {
        this.source = source;
        this.started = started;
        Describe(contentType);
    }

    /// <inheritdoc />
    public override bool CanRepeat => !started.Set;

    /// <inheritdoc />
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        started.Set = true;
        try
        {
            // A read of a terminal or a pipe cannot be cancelled, only left behind; so it has a buffer of its own.
            var count = await source.ReadAsync(piece, cancellationToken).AsTask().WaitAsync(cancellationToken);
            piece.AsMemory(0, count).CopyTo(buffer);
            return count;
        }
        catch (IOException error)
        {
            throw new LocalFileException($"stdin cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Shared by the attempts of one upload.</summary>
    internal sealed class Flag
    {
        /// <summary>Whether bytes were taken from the source.</summary>
        public bool Set { get; set; }
    }
}

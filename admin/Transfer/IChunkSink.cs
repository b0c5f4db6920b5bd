namespace Granary.Admin.Transfer;

/// <summary>Where a download goes. Bytes of a chunk become final only when its hash was right.</summary>
internal interface IChunkSink
{
    /// <summary>Takes the next bytes of the current chunk; the buffer is the caller's again afterwards.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>The chunk is complete and its hash is right.</summary>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>Forgets everything since the last commit: it will come again.</summary>
    void Rollback();
}

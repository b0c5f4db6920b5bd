namespace Granary.Admin.Transfer;

/// <summary>How far the work on many files is; updated by all workers.</summary>
internal sealed class TransferTotals
{
    private long bytes;
    private long done;
    private long failed;
    private long unchanged;

    /// <summary>Files in all, or null while that is unknown.</summary>
    public long? Files { get; set; }

    /// <summary>Bytes in all, or null while that is unknown.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>Bytes that are through, also those of files that needed no sending.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Files that are through, unchanged ones included.</summary>
    public long Done => Interlocked.Read(ref done);

    /// <summary>Files that needed no sending.</summary>
    public long Unchanged => Interlocked.Read(ref unchanged);

    /// <summary>Files that failed or were skipped.</summary>
    public long Failed => Interlocked.Read(ref failed);

    /// <summary>Some bytes moved; negative when an attempt starts over.</summary>
    public void Moved(long count) => Interlocked.Add(ref bytes, count);

    /// <summary>A file is through.</summary>
    public void FileDone() => Interlocked.Increment(ref done);

    /// <summary>A file needs no sending; <see cref="FileDone"/> still follows.</summary>
    public void FileUnchanged(long size)
    {
        Interlocked.Add(ref bytes, size);
        Interlocked.Increment(ref unchanged);
    }

    /// <summary>A file failed or was skipped.</summary>
    public void FileFailed() => Interlocked.Increment(ref failed);
}

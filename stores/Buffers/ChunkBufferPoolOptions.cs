namespace Granary.Stores;

/// <summary>Settings of the one budget of chunk buffers of a silo.</summary>
public sealed class ChunkBufferPoolOptions
{
    /// <summary>The most bytes that all buffers together take. 256 MiB by default; at least 16 pieces.</summary>
    public long BudgetBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Bytes of one piece, a power of two from 4 KiB to 4 MiB; 128 KiB by default: a small file takes one, and a chunk of
    /// 64 MiB stays within the 1,024 parts that one vectored write may have.
    /// </summary>
    public int PieceBytes { get; set; } = 128 << 10;

    /// <summary>
    /// How long a transfer may hold memory without a byte moving before it can be told to give it back, and then only
    /// while somebody waits for memory. 5 s by default. When what is waited for is N budgets, an Nth of it, at least 1 s:
    /// whoever waits last still gets through in about this time.
    /// </summary>
    public TimeSpan IdleAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Every setting that is out of range, as a sentence each.</summary>
    public IEnumerable<string> Validate()
    {
        if (PieceBytes is < 4096 or > (4 << 20) || !int.IsPow2(PieceBytes))
            yield return $"PieceBytes is {PieceBytes}; it must be a power of two from 4096 to 4194304.";
        else if (BudgetBytes < 16L * PieceBytes)
            yield return $"BudgetBytes is {BudgetBytes}; it must be at least {16L * PieceBytes}, 16 pieces.";
        if (IdleAfter <= TimeSpan.Zero || IdleAfter > TimeSpan.FromHours(1))
            yield return $"IdleAfter is {IdleAfter}; it must be more than zero and at most an hour.";
    }
}

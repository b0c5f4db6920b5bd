using Granary.Catalog;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>How one chunk of a page came out.</summary>
internal enum ChunkResult
{
    /// <summary>What the policy asks for is done (or, in a dry run, would be).</summary>
    Done,

    /// <summary>Nothing was to be done: the chunk went, or somebody else was faster.</summary>
    Nothing,

    /// <summary>It stays for a reason that is no error.</summary>
    Kept,

    /// <summary>It cannot be done.</summary>
    Failed,

    /// <summary>It did not fit; said once for all of them.</summary>
    NoRoom,

    /// <summary>Not now: a store does not answer.</summary>
    Later,
}

/// <summary>How one chunk of a page came out, in detail.</summary>
/// <param name="Result">How.</param>
/// <param name="Bytes">Bytes that were copied or freed.</param>
/// <param name="Finding">What is to be told.</param>
/// <param name="Reason">Why it can only be done later.</param>
/// <param name="Freed">A copy is being deleted now.</param>
internal sealed record ChunkDone(ChunkResult Result, long Bytes = 0, TaskFinding? Finding = null, string? Reason = null, bool Freed = false)
{
    /// <summary>Nothing was to be done.</summary>
    public static ChunkDone Nothing { get; } = new(ChunkResult.Nothing);
}

/// <summary>What became of the beginning of a page.</summary>
/// <param name="Count">Chunks from the first on that need not be looked at again.</param>
/// <param name="Done">How they, and some after them, came out, in their order.</param>
/// <param name="WaitFor">Why the rest can only be done later; null: it need only go on.</param>
internal sealed record PageDone(int Count, IReadOnlyList<ChunkDone> Done, string? WaitFor)
{
    /// <summary>Chunks for which something was done.</summary>
    public long Chunks => Done.LongCount(static done => done.Result == ChunkResult.Done);

    /// <summary>Their bytes.</summary>
    public long Bytes => Done.Sum(static done => done.Result == ChunkResult.Done ? done.Bytes : 0);

    /// <summary>What is to be told.</summary>
    public List<TaskFinding> Findings => [.. Done.Select(static done => done.Finding).OfType<TaskFinding>()];

    /// <summary>Something could not be done.</summary>
    public bool AnyFailed => Done.Any(static done => done.Result is ChunkResult.Failed or ChunkResult.NoRoom);
}

/// <summary>
/// Works on a page of chunks, several at one time and begun in order, for about as long as a step may take. What was not begun
/// is left to the next step.
/// </summary>
internal static class PageWork
{
    /// <summary>How long new chunks are begun; a step is at most about two seconds.</summary>
    public static readonly TimeSpan StepTime = TimeSpan.FromSeconds(1.2);

    // Transfers are bounded by the pace; the transactions around them are small and share commits, so more may be under way.
    private const int PerSlot = 12;
    private const int MostUnderWay = 96;

    /// <summary>Works on the page.</summary>
    /// <param name="page">The chunks.</param>
    /// <param name="pace">Transfers at one time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="work">Does one chunk; it takes a slot for its transfer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PageDone> RunAsync<T>(
        IReadOnlyList<T> page, TaskPace pace, TimeProvider time, Func<int, SemaphoreSlim, CancellationToken, Task<ChunkDone>> work, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var results = new ChunkDone?[page.Count];
        var begun = 0;
        var stop = false;
        using var slots = new SemaphoreSlim(pace.Parallel);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Min(pace.Parallel * PerSlot, MostUnderWay), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            Begin(),
            options,
            async (i, token) =>
            {
                var done = await work(i, slots, token);
                results[i] = done;
                if (done.Result == ChunkResult.Later)
                {
                    Volatile.Write(ref stop, true);
                }
            });
        var later = Array.FindIndex(results, 0, begun, static done => done!.Result == ChunkResult.Later);
        return new PageDone(later < 0 ? begun : later, [.. results.Take(begun).OfType<ChunkDone>()], later < 0 ? null : results[later]!.Reason);

        IEnumerable<int> Begin()
        {
            for (var i = 0; i < page.Count && !Volatile.Read(ref stop) && (i == 0 || time.GetElapsedTime(started) < StepTime); i++)
            {
                begun = i + 1;
                yield return i;
            }
        }
    }
}

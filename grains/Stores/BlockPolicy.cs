namespace Granary.Grains.Stores;

/// <summary>
/// How much space a silo is given at a time. Small blocks keep a store that is nearly full usable by every silo; large
/// ones keep the grain off the path of a busy silo. A silo that comes back soon gets twice as much as before. Near the
/// limit the catalog gives what is needed and no more, whatever is preferred here.
/// </summary>
internal static class BlockPolicy
{
    /// <summary>First grant: sixteen chunks of the default size.</summary>
    public const long Smallest = 64L << 20;

    /// <summary>Largest grant: at 300 MB/s a silo asks every three seconds.</summary>
    public const long Largest = 1L << 30;

    /// <summary>A silo that asks again within this time is busy, and its grant doubles.</summary>
    public static readonly TimeSpan BusyWithin = TimeSpan.FromSeconds(30);

    /// <summary>Bytes a silo's block should have where the store has plenty.</summary>
    /// <param name="needed">Bytes that the silo's waiting writers cannot do without, together.</param>
    /// <param name="previous">What the same silo preferred last; 0 for nothing yet.</param>
    /// <param name="sincePrevious">Time since then.</param>
    public static long Preferred(long needed, long previous, TimeSpan sincePrevious)
    {
        var block = previous > 0 && sincePrevious < BusyWithin
            ? Math.Clamp(previous * 2, Smallest, Largest)
            : Smallest;
        return Math.Max(needed, block);
    }

    /// <summary>
    /// True when a store certainly has no room, even after every unused block was recalled: space in use is what is
    /// charged less what lies in blocks.
    /// </summary>
    public static bool IsHopeless(long needed, long? maxSize, long charged, long unusedBlocks) =>
        maxSize is { } limit && needed > limit - (charged - unusedBlocks);
}

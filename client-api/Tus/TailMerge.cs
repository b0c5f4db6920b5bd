using Granary.Catalog;

namespace Granary.ClientApi.Tus;

/// <summary>
/// Which small chunks at the end of a tus upload are read back and written again as one together with the next bytes. Pure.
/// A request that fills the slot makes it one chunk; small requests pile up, and are merged such that every byte is written
/// about as often as the logarithm of how small they are.
/// </summary>
internal static class TailMerge
{
    /// <summary>Chunks that may lie in one slot before some are merged.</summary>
    public const int MostPieces = 16;

    /// <summary>How many of the last chunks are merged with the next bytes.</summary>
    /// <param name="tail">Chunks of the slot that is not full, in order.</param>
    /// <param name="incoming">Bytes that will come; null when that is not known.</param>
    /// <param name="room">Bytes that the slot still takes.</param>
    public static int Count(IReadOnlyList<SessionPart> tail, long? incoming, long room)
    {
        if (incoming is null || incoming >= room)
            return tail.Count;
        if (tail.Count < MostPieces)
            return 0;

        // As many as are smaller than what comes behind them: large ones are left alone.
        long behind = incoming.Value;
        var count = 0;
        for (var i = tail.Count - 1; i >= 0; i--)
        {
            if (tail[i].Size <= behind || count < MostPieces / 2)
                count = tail.Count - i;
            behind += tail[i].Size;
        }

        return count;
    }
}

using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Policies;

/// <summary>
/// Where populate is: it compares everything from a place on (and then follows the changes made meanwhile), or it only follows.
/// </summary>
/// <param name="Walking">Compares everything.</param>
/// <param name="After">The chunk that was compared last; null at the beginning.</param>
/// <param name="Position">Where it follows the change log, now or when everything was compared.</param>
/// <param name="Walked">Everything was compared in this task.</param>
/// <param name="Incomplete">Something could not be copied.</param>
/// <param name="ToldNoRoom">That something did not fit was said.</param>
internal sealed record PopulateCursor(bool Walking, ChunkHash? After, FollowPosition Position, bool Walked, bool Incomplete, bool ToldNoRoom)
{
    /// <summary>Reads its text form.</summary>
    public static PopulateCursor Parse(string text)
    {
        var parts = text.Split(':');
        return new PopulateCursor(
            parts[0] == "walk",
            parts[1].Length == 0 ? null : ChunkHash.Parse(parts[1]),
            new FollowPosition(Number(parts[2]), (int)Number(parts[3])),
            parts[4].Contains('w', StringComparison.Ordinal),
            parts[4].Contains('i', StringComparison.Ordinal),
            parts[4].Contains('t', StringComparison.Ordinal));
    }

    /// <summary>The form that is stored.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Walking ? "walk" : "follow")}:{After?.ToString()}:{Position.Sequence}:{Position.Index}:{(Walked ? "w" : "")}{(Incomplete ? "i" : "")}{(ToldNoRoom ? "t" : "")}");

    private static long Number(string digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}

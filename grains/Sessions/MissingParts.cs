namespace Granary.Grains.Sessions;

/// <summary>Counts missing indexes and remembers the first of them.</summary>
internal sealed class MissingParts(int mostNamed)
{
    /// <summary>The first ones, ascending.</summary>
    public List<int> First { get; } = [];

    /// <summary>All.</summary>
    public int Count { get; private set; }

    /// <summary>Notes the indexes from one on, up to but without another.</summary>
    public void Add(int from, int end)
    {
        for (var index = from; index < end && First.Count < mostNamed; index++)
        {
            First.Add(index);
        }

        Count += Math.Max(0, end - from);
    }
}

namespace Granary.Catalog;

/// <summary>The order of priorities that reading and writing share.</summary>
internal static class PlacementOrder
{
    /// <summary>Higher first, none last, as a comparison for sorting (D2, D10).</summary>
    public static int Descending(int? a, int? b) => (b ?? long.MinValue).CompareTo(a ?? long.MinValue);
}

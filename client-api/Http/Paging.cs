namespace Granary.ClientApi.Http;

/// <summary>Which page of a list is wanted: <c>?after=&amp;limit=</c>.</summary>
/// <param name="After">Items after this one; null: from the beginning.</param>
/// <param name="Limit">At most so many items, 1 to 1000.</param>
public readonly record struct PageRequest(string? After, int Limit)
{
    /// <summary>Most items of a page, and how many a request gets that does not say.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Reads the two parameters.</summary>
    /// <exception cref="BadQueryException">One is against its rule.</exception>
    public static PageRequest From(RequestQuery query) =>
        new(query.Text("after"), (int)(query.Number("limit", 1, MaxLimit) ?? MaxLimit));

    /// <summary>Cuts a page out of items that are all at hand and in the order of their keys.</summary>
    public Page<T> Cut<T>(IEnumerable<T> ordered, Func<T, string> key)
    {
        var after = After;
        var rest = after is null ? ordered : ordered.Where(item => string.CompareOrdinal(key(item), after) > 0);
        var items = rest.Take(Limit + 1).ToList();
        if (items.Count <= Limit)
            return new Page<T>(items, null);
        items.RemoveAt(Limit);
        return new Page<T>(items, key(items[^1]));
    }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">What to send as <c>after</c> for the next page; null when this is the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

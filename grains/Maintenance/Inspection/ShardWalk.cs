namespace Granary.Grains.Maintenance;

/// <summary>Walks a store's shards for about a second and says where to go on. Keeps nothing between steps.</summary>
internal static class ShardWalk
{
    /// <summary>After this time no further shard is begun.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    /// <summary>Walks on.</summary>
    /// <param name="cursor">Where the last step stopped; null at the beginning.</param>
    /// <param name="nextTenant">The first tenant after an id; null when there is none.</param>
    /// <param name="visit">Does one shard.</param>
    /// <param name="time">Clock.</param>
    /// <returns>The cursor; null at the end.</returns>
    public static async Task<string?> RunAsync(
        string? cursor, Func<long, long?> nextTenant, Func<ShardPosition, Task<ShardVisit>> visit, TimeProvider time)
    {
        var started = time.GetTimestamp();
        var position = cursor is null ? First(nextTenant, 0) : ShardPosition.Parse(cursor);
        while (position is { } shard)
        {
            var visited = await visit(shard);
            if (visited.StoppedAfter is { } after)
            {
                return (shard with { After = after }).ToString();
            }

            position = visited.IsTooLarge ? shard.Descend() : shard.Next() ?? First(nextTenant, shard.Tenant);
            if (time.GetElapsedTime(started) >= Budget)
            {
                break;
            }
        }

        return position?.ToString();
    }

    private static ShardPosition? First(Func<long, long?> nextTenant, long after) =>
        nextTenant(after) is { } tenant ? ShardPosition.Of(tenant) : null;
}

/// <summary>How the visit of a shard ended.</summary>
/// <param name="IsTooLarge">It is walked by its parts instead; nothing was done.</param>
/// <param name="StoppedAfter">The time was up: copies up to this one are done.</param>
internal readonly record struct ShardVisit(bool IsTooLarge, long? StoppedAfter)
{
    /// <summary>All of it is done.</summary>
    public static ShardVisit Done => default;

    /// <summary>It must be walked by its parts.</summary>
    public static ShardVisit TooLarge => new(true, null);

    /// <summary>Stopped in between.</summary>
    public static ShardVisit Stopped(long after) => new(false, after);
}

using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>One entry of a scope's change log (S12).</summary>
/// <param name="Sequence">Number in the scope's log, from 1, without gaps.</param>
/// <param name="Time">When it was committed.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Path">The file; of a move its new path.</param>
/// <param name="OldPath">Of a move the path it had before.</param>
/// <param name="Version">Number of the version that was made; of a delete that of the tombstone.</param>
/// <param name="Size">Length of the version in bytes; 0 of a delete.</param>
/// <param name="By">Name of the credential that did it.</param>
public sealed record ChangeInfo(
    long Sequence, DateTimeOffset Time, ChangeKind Kind, FilePath Path, FilePath? OldPath, long Version, long Size, string By);

/// <summary>Whether a log can be followed from a place in it.</summary>
public enum CursorState
{
    /// <summary>Every change after the cursor is still there.</summary>
    Valid,

    /// <summary>Retention has removed changes after the cursor: the follower starts over.</summary>
    Expired,

    /// <summary>The log has not got that far.</summary>
    Future,
}

/// <summary>A page of a log.</summary>
/// <param name="State">Whether the cursor can be followed; the items are empty unless it can.</param>
/// <param name="Head">Sequence number of the log's last change, 0 where there is none.</param>
/// <param name="Oldest">The oldest cursor that can be followed: one less than the first change that is kept.</param>
/// <param name="Items">Changes after the cursor, in order, without a gap.</param>
public sealed record ChangePage(CursorState State, long Head, long Oldest, IReadOnlyList<ChangeInfo> Items);

/// <summary>How long change logs are kept.</summary>
public sealed class ChangeRetention
{
    /// <summary>Changes older than this are removed. Default 30 days; at least a minute.</summary>
    public TimeSpan Age { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Most changes that the log of one scope keeps. Default 10 million; at least 1.</summary>
    public long Count { get; init; } = 10_000_000;
}

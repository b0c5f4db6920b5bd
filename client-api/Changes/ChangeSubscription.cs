using System.Text;
using Granary.Catalog;

namespace Granary.ClientApi.Changes;

/// <summary>
/// One scope that one socket follows: only a place in the scope's log, so that a socket that waits or lags costs no memory.
/// Moved by the socket's writer alone; others read it.
/// </summary>
internal sealed class ChangeSubscription(ScopeFollower follower, long cursor, string? prefix)
{
    /// <summary>Most characters of a prefix: no path is longer.</summary>
    public const int MaxPrefix = 1024;

    private readonly byte[]? _prefix = string.IsNullOrEmpty(prefix) ? null : Encoding.UTF8.GetBytes(prefix);
    private long _cursor = cursor;
    private long _target = -1;
    private long _targetSet;
    private volatile bool _live;

    /// <summary>Who reads the log for everybody.</summary>
    public ScopeFollower Follower { get; } = follower;

    /// <summary>Every change up to here was sent, or is none of what was asked for.</summary>
    public long Cursor
    {
        get => Volatile.Read(ref _cursor);
        set => Volatile.Write(ref _cursor, value);
    }

    /// <summary>Has it ever caught up?</summary>
    public bool Live
    {
        get => _live;
        set => _live = value;
    }

    /// <summary>Set when the subscription ended: nothing of it is sent any more.</summary>
    public bool Ended { get; set; }

    /// <summary>Was the change asked for? A move counts under either of its paths.</summary>
    public bool Wants(ReadOnlySpan<byte> path, ReadOnlySpan<byte> oldPath) => _prefix is null || path.StartsWith(_prefix) || oldPath.StartsWith(_prefix);

    /// <summary>Was the change asked for?</summary>
    public bool Wants(ChangeInfo change) => _prefix is null || Wants(change.Path.ToUtf8(), change.OldPath?.ToUtf8());

    /// <summary>
    /// Asked every second: is the socket still behind what was the end of the log so long ago? One that has not caught up
    /// since it began is not asked: it replays.
    /// </summary>
    public bool IsBehind(long now, long limit)
    {
        if (!Live)
            return false;
        if (_target <= Cursor)
        {
            _target = Follower.Known;
            _targetSet = now;
            return false;
        }

        return now - _targetSet > limit;
    }
}

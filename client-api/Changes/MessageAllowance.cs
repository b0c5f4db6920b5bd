namespace Granary.ClientApi.Changes;

/// <summary>
/// How many messages a client may still send: <see cref="Burst"/> at once, and <see cref="PerSecond"/> from then on; a person
/// who clicks, not a loop. A bucket kept as one number, the time up to which messages are spent. One caller at a time.
/// </summary>
internal sealed class MessageAllowance(TimeProvider time)
{
    /// <summary>Messages at once.</summary>
    public const int Burst = 120;

    /// <summary>Messages each second from then on.</summary>
    public const int PerSecond = 5;

    private readonly long _each = time.TimestampFrequency / PerSecond;
    private long _spentUntil = time.GetTimestamp() - (Burst * (time.TimestampFrequency / PerSecond));

    /// <summary>Spends one message; false when there was none left.</summary>
    public bool TrySpend()
    {
        var now = time.GetTimestamp();
        _spentUntil = Math.Max(_spentUntil, now - (Burst * _each)) + _each;
        return _spentUntil <= now;
    }
}

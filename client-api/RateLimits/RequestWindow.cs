namespace Granary.ClientApi.RateLimits;

/// <summary>
/// Counts the requests of one tenant over a sliding minute, by seconds. Thread-safe. There is one slot more than the window
/// has seconds, because the present second has only begun: so no 60 seconds ever hold more requests than the limit.
/// </summary>
internal sealed class RequestWindow
{
    /// <summary>Length of the window in seconds.</summary>
    public const int Seconds = 60;

    private const int Slots = Seconds + 1;

    private readonly Lock _lock = new();
    private readonly int[] _counts = new int[Slots];
    private long _latest;
    private int _total;

    /// <summary>Counts a request, unless the window is full; what is refused does not count.</summary>
    /// <param name="limit">Most requests in a minute, at least 1; another one than before applies at once.</param>
    /// <param name="second">The present second; any origin, not going back.</param>
    public RequestTurn Take(int limit, long second)
    {
        lock (_lock)
        {
            Advance(second);
            if (_total >= limit)
                return new RequestTurn(false, 0, SecondsUntilBelow(limit));
            _counts[_latest % Slots]++;
            _total++;
            return new RequestTurn(true, limit - _total, 0);
        }
    }

    private void Advance(long second)
    {
        for (var steps = Math.Min(second - _latest, Slots); steps > 0; steps--)
        {
            ref var slot = ref _counts[(second - steps + 1) % Slots];
            _total -= slot;
            slot = 0;
        }

        _latest = Math.Max(_latest, second);
    }

    /// <summary>How many seconds pass until enough of the oldest requests have left the window.</summary>
    private int SecondsUntilBelow(int limit)
    {
        var left = _total;
        for (var wait = 1; wait < Slots; wait++)
        {
            left -= _counts[(_latest + wait) % Slots];
            if (left < limit)
                return wait;
        }

        return Slots;
    }
}

/// <summary>Whether a request may go on.</summary>
/// <param name="Granted">May it?</param>
/// <param name="Remaining">How many more may follow now.</param>
/// <param name="RetryAfter">Seconds until one may; 0 when granted.</param>
internal readonly record struct RequestTurn(bool Granted, int Remaining, int RetryAfter);

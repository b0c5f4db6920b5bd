namespace Granary.Admin.Api;

/// <summary>
/// When a request that may be repeated is repeated, as a pure decision. Only requests that change nothing, or that carry
/// an Idempotency-Key, come here.
/// </summary>
/// <param name="Patience">
/// How long one request may go on failing, or the server be silent to all of them, before it is given up.
/// </param>
internal sealed record RetryPolicy(TimeSpan Patience)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(8);

    /// <summary>30 seconds: longer than a server needs to restart, short enough for a person who waits.</summary>
    public static RetryPolicy Standard { get; } = new(TimeSpan.FromSeconds(30));

    /// <summary>
    /// How long to wait before the next attempt, or null to give up.
    /// </summary>
    /// <param name="attempt">Attempts made so far, at least 1.</param>
    /// <param name="elapsed">Time since the first attempt; of a lost connection since the server was last heard, if that is less.</param>
    /// <param name="status">The status of the answer; null when the connection was lost.</param>
    /// <param name="retryAfter">What the server asked for.</param>
    /// <param name="reachedBefore">Whether this process has had any answer from this server.</param>
    /// <param name="spread">0 to 1: moves the delay by up to a quarter, so that parallel workers do not return together.</param>
    public TimeSpan? NextDelay(int attempt, TimeSpan elapsed, int? status, TimeSpan? retryAfter, bool reachedBefore, double spread)
    {
        // A server that was never there is most likely not started: the person should hear so now, not in half a minute.
        if (status is null && !reachedBefore)
            return null;
        if (status is not (null or 429 or 502 or 503 or 504))
            return null;
        var backOff = TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << Math.Min(attempt - 1, 16)));
        var delay = backOff * (0.75 + (0.5 * spread));
        if (retryAfter is { } asked && asked > delay)
            delay = asked;
        return elapsed + delay > Patience ? null : delay;
    }
}

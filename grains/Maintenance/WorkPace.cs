namespace Granary.Grains.Maintenance;

/// <summary>How one bounded unit of background work ended.</summary>
internal enum WorkOutcome
{
    /// <summary>Something was done; there may be more.</summary>
    Busy,

    /// <summary>Nothing is due.</summary>
    Idle,

    /// <summary>Some of it failed and stays due.</summary>
    Failed,
}

/// <summary>When the next unit of background work runs. Pure.</summary>
internal static class WorkPace
{
    /// <summary>Rest after a unit, as a multiple of the time it took: half of one processor's time at most.</summary>
    public const double RestFactor = 1.0;

    /// <summary>Longest rest after a unit that went well.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);

    /// <summary>Wait after the first failure; doubles with each further one.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait after failures: an operator who repaired a store does not wait longer for it to be used.</summary>
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(2);

    /// <summary>Time to the next unit; null when nothing is due, so the next reminder or wake starts it.</summary>
    /// <param name="outcome">How the last unit ended.</param>
    /// <param name="took">How long it took.</param>
    /// <param name="failures">Units in a row that failed, this one included.</param>
    /// <param name="jitter">A random number in [0, 1): spreads the retries of many grains over half the wait.</param>
    public static TimeSpan? Next(WorkOutcome outcome, TimeSpan took, int failures, double jitter) => outcome switch
    {
        WorkOutcome.Idle => null,
        WorkOutcome.Busy => TimeSpan.FromTicks(Math.Min((long)(took.Ticks * RestFactor), LongestRest.Ticks)),
        _ => BackOff(failures) * (0.75 + (0.5 * jitter)),
    };

    private static TimeSpan BackOff(int failures)
    {
        var doublings = Math.Clamp(failures - 1, 0, 20);
        return TimeSpan.FromTicks(Math.Min(FirstBackOff.Ticks << doublings, LongestBackOff.Ticks));
    }
}

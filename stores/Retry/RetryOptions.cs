namespace Granary.Stores;

/// <summary>How often and how fast transient faults of stores are repeated.</summary>
public sealed class StoreRetryOptions
{
    /// <summary>Repeats after the first attempt, from 0 to 10; 3 by default.</summary>
    public int MaxRepeats { get; set; } = 3;

    /// <summary>The longest wait before the first repeat; it doubles with each. 200 ms by default; the wait is between half of it and all of it.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait before any repeat; 5 s by default.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Every setting that is out of range, as a sentence each.</summary>
    public IEnumerable<string> Validate()
    {
        if (MaxRepeats is < 0 or > 10)
            yield return $"MaxRepeats is {MaxRepeats}; it must be from 0 to 10.";
        if (FirstDelay <= TimeSpan.Zero || FirstDelay > MaxDelay)
            yield return $"FirstDelay is {FirstDelay}; it must be more than zero and at most MaxDelay.";
        if (MaxDelay > TimeSpan.FromMinutes(5))
            yield return $"MaxDelay is {MaxDelay}; it must be at most five minutes.";
    }
}

/// <summary>
/// This silo is no longer a member of the cluster, so it must not touch a store: its requests may be older than decisions
/// that others took without it.
/// </summary>
public sealed class SiloNotMemberException(string store)
    : ChunkStoreException(store, ChunkStoreFault.Unavailable, $"Store {store}: this silo is no longer a member of the cluster and leaves stores alone.")
{
    /// <inheritdoc/>
    public override bool IsTransient => false;
}

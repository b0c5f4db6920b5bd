namespace Granary.Catalog;

/// <summary>How maintenance is set, for the whole installation.</summary>
public sealed record MaintenanceSettings
{
    /// <summary>Counts the changes.</summary>
    public long Version { get; init; }

    /// <summary>Minutes after midnight UTC at which the daily run begins, 0 to 1439; null: no daily run. Default 120 (02:00).</summary>
    public int? DailyAt { get; init; } = 120;

    /// <summary>Copies, deletes or reads at one time per store, 1 to 64. Default 4 (O7).</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Bytes a second that background work may move per grain; null: no limit.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Rest after a routine step, in hundredths of the time it took, 0 to 1000. Urgent work does not rest. Default 25.</summary>
    public int Rest { get; init; } = 25;

    /// <summary>Every store is read and hashed once in so many days, 1 to 365; null: never. Default 30.</summary>
    public int? ScrubDays { get; init; } = 30;

    /// <summary>Bytes a second that a scrub reads per store. Default 16 MiB.</summary>
    public long ScrubBytesPerSecond { get; init; } = 16 << 20;

    /// <summary>
    /// How long an unreferenced chunk stays before it is collected; longer than any download may run. Default 24 hours.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// False while bytes that no row knows must not be removed: after a restore the rows are older than the bytes (design,
    /// Local stores in a cluster).
    /// </summary>
    public bool Sweep { get; init; } = true;

    /// <summary>
    /// What lay in the stores before this time may be swept even where this catalog cannot have written it: an operator has
    /// turned sweeping on since, and knows.
    /// </summary>
    public DateTimeOffset SweepTrusted { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Days that changes stay in the logs of scopes, 1 to 3650; null: as the servers are configured. Default null.</summary>
    public int? ChangeDays { get; init; }

    /// <summary>When the next daily run is due; null before it was reckoned, or when there is none.</summary>
    public DateTimeOffset? NextDaily { get; init; }

    /// <summary>When the next scrub is due.</summary>
    public DateTimeOffset? NextScrub { get; init; }
}

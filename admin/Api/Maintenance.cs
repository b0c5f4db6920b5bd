namespace Granary.Admin.Api;

/// <summary>Body of the start of a maintenance run.</summary>
internal sealed record StartRun(string? Scope, string? Store, bool? DryRun, bool? KeepSource);

/// <summary>Body of the start of a check.</summary>
internal sealed record StartFsck(string? Scope, bool Data, bool Repair);

/// <summary>Answer to the start of a run.</summary>
internal sealed record RunStarted(string Id) : Answer;

/// <summary>A run of maintenance; lists come without tasks and findings.</summary>
internal sealed record MaintenanceRun(
    string Id, string Kind, string Trigger, string State, string? Tenant, string? Scope, string? Store, bool DryRun, string? By,
    DateTimeOffset Created, DateTimeOffset? Started, DateTimeOffset? Ended, long DoneChunks, long TotalChunks, long DoneBytes, long TotalBytes,
    long? BytesPerSecond, long Errors, long Findings) : Answer
{
    /// <summary>Its tasks.</summary>
    public IReadOnlyList<MaintenanceTask>? Tasks { get; init; }

    /// <summary>What it found first.</summary>
    public IReadOnlyList<MaintenanceFinding>? FirstFindings { get; init; }

    /// <summary>Whether nothing more will come.</summary>
    public bool HasEnded => State is "done" or "failed" or "cancelled";
}

/// <summary>A task of a run.</summary>
internal sealed record MaintenanceTask(
    int Number, string Kind, string State, string? Tenant, string? Scope, string? Store, long DoneChunks, long? TotalChunks,
    long DoneBytes, long? TotalBytes, long Errors, long BytesPerSecond, string? Waiting) : Answer;

/// <summary>Something that a run found.</summary>
internal sealed record MaintenanceFinding(
    long Number, int Task, string Kind, string Code, string Message, string? Chunk, string? Store, string? Scope, string? Location, DateTimeOffset Time) : Answer;

/// <summary>How maintenance is set.</summary>
internal sealed record MaintenanceSettings(
    MaintenanceSchedule? Schedule, MaintenancePace? Pace, MaintenanceScrub? Scrub, long GraceSeconds, bool Sweep, int? ChangeDays) : Answer;

/// <summary>When the daily run begins.</summary>
internal sealed record MaintenanceSchedule(string? DailyAt, DateTimeOffset? Next);

/// <summary>How fast background work goes.</summary>
internal sealed record MaintenancePace(int Parallel, long? BytesPerSecond, int RestPercent);

/// <summary>How often and how fast stores are read and hashed.</summary>
internal sealed record MaintenanceScrub(int? EveryDays, long BytesPerSecond, DateTimeOffset? Next);

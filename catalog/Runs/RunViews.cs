using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A run as operators see it, with the sums of its tasks.</summary>
public sealed record RunInfo : RunOrder
{
    /// <summary>Its id; newer runs have greater ones.</summary>
    public required long Id { get; init; }

    /// <summary>What kind of run.</summary>
    public required RunKind Kind { get; init; }

    /// <summary>Why it was created.</summary>
    public required RunTrigger Trigger { get; init; }

    /// <summary>Where it is.</summary>
    public required RunState State { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string Actor { get; init; }

    /// <summary>Findings of every kind, also beyond those that are kept.</summary>
    public long Findings { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its first step began.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Tasks.</summary>
    public long Tasks { get; init; }

    /// <summary>Tasks that have ended.</summary>
    public long TasksEnded { get; init; }

    /// <summary>Chunks done, of all tasks.</summary>
    public long DoneChunks { get; init; }

    /// <summary>Chunks due, of all tasks that were measured.</summary>
    public long TotalChunks { get; init; }

    /// <summary>Bytes done, of all tasks.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Bytes due, of all tasks that were measured.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Errors, of all tasks.</summary>
    public long Errors { get; init; }
}

/// <summary>A run and its tasks.</summary>
/// <param name="Run">The run.</param>
/// <param name="Tasks">Its tasks by number.</param>
public sealed record RunDetails(RunInfo Run, IReadOnlyList<MaintenanceTaskRow> Tasks);

/// <summary>A finding that is kept.</summary>
/// <param name="Number">Its number in the run, from 1.</param>
/// <param name="Task">The task that found it.</param>
/// <param name="Finding">What was found.</param>
/// <param name="Time">When.</param>
public sealed record RunFinding(long Number, int Task, TaskFinding Finding, DateTimeOffset Time);

/// <summary>What saving a step brought.</summary>
/// <param name="Task">The row as it is now; null when the step did not count, because another activation saved one first.</param>
/// <param name="RunState">State of the run now.</param>
/// <param name="PhaseEnded">The next phase has begun: other grains have work.</param>
public sealed record StepSaved(MaintenanceTaskRow? Task, RunState RunState, bool PhaseEnded);

/// <summary>What the schedule brings now.</summary>
/// <param name="Runs">The runs to create; none when only the times are set.</param>
/// <param name="NextDaily">When the next daily run is due.</param>
/// <param name="NextScrub">When the next scrub is due.</param>
public sealed record ScheduledRuns(IReadOnlyList<NewRun> Runs, DateTimeOffset? NextDaily, DateTimeOffset? NextScrub);

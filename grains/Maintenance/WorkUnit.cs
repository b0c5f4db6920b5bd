using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>What one bounded unit of background work did.</summary>
/// <param name="Outcome">Whether there may be more.</param>
/// <param name="Done">Things completed.</param>
/// <param name="Failed">Things that failed and stay due.</param>
/// <param name="Bytes">Bytes released.</param>
internal readonly record struct WorkUnit(WorkOutcome Outcome, long Done, long Failed, long Bytes)
{
    /// <summary>When the next unit runs, where the unit itself knows; null: as <see cref="WorkPace"/> says.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Nothing was due.</summary>
    public static WorkUnit Idle { get; } = new(WorkOutcome.Idle, 0, 0, 0);

    /// <summary>Something was done.</summary>
    public static WorkUnit Busy(long done, long bytes = 0) => new(WorkOutcome.Busy, done, 0, bytes);

    /// <summary>Nothing is possible before a time has passed.</summary>
    public static WorkUnit Waiting(TimeSpan delay) => new(WorkOutcome.Idle, 0, 0, 0) { Delay = delay };

    /// <summary>Adds this unit to a round.</summary>
    public MaintenanceRound AddTo(MaintenanceRound round) => new(round.Done + Done, round.Failed + Failed, round.Bytes + Bytes);
}

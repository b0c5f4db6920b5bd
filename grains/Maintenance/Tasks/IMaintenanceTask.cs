using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>
/// How one kind of task is done. A task keeps nothing between its steps: where it goes on is in its row, so that a crash
/// costs one step. Registered as a singleton; steps of several grains run at one time.
/// </summary>
internal interface IMaintenanceTask
{
    /// <summary>The kind that it does.</summary>
    MaintenanceTaskKind Kind { get; }

    /// <summary>What is due, in chunks and bytes; asked once, before the first step. Where counting costs as much as the work, an estimate.</summary>
    Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken);

    /// <summary>
    /// Does one bounded unit: a keyset page, at most about two seconds. It is idempotent: after a crash the same step is done
    /// again. An exception counts as nothing done; the step is tried again after a back-off.
    /// </summary>
    Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken);
}

/// <summary>What a step may use.</summary>
/// <param name="Pace">How fast it may go; read anew for every step, so that an operator can change it while a run works.</param>
internal sealed record TaskContext(TaskPace Pace);

/// <summary>How fast background work may go.</summary>
/// <param name="Parallel">Copies (or deletes, or reads) at one time in a store; at least 1.</param>
/// <param name="BytesPerSecond">
/// Bytes a second; null for no limit. Steps need not mind it beyond staying small: the rest after a step makes it true.
/// </param>
internal sealed record TaskPace(int Parallel, long? BytesPerSecond);

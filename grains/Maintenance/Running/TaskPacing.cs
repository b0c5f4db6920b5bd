using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>How fast tasks go, from the settings. Pure.</summary>
internal static class TaskPacing
{
    /// <summary>Longest rest after a step for the sake of other work; what a rate in bytes asks for may be longer.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);

    /// <summary>First wait after a step that failed; doubles with the time that nothing was possible.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between two attempts.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>The pace that a task is told.</summary>
    public static TaskPace Of(MaintenanceTaskKind kind, MaintenanceSettings settings) =>
        new(settings.Parallel, kind == MaintenanceTaskKind.Scrub ? settings.ScrubBytesPerSecond : settings.BytesPerSecond);

    /// <summary>Its turn where tasks of several grains wait for the same slots of a store: limits, then everything else, scrub last.</summary>
    public static WorkUrgency UrgencyOf(MaintenanceTaskRow task) => (task.Kind, task.Trigger) switch
    {
        (MaintenanceTaskKind.Scrub, _) => WorkUrgency.Idle,
        (_, RunTrigger.Limit) => WorkUrgency.Urgent,
        _ => WorkUrgency.Routine,
    };

    /// <summary>Rest after a step: none for urgent work, and as long as the rate in bytes asks.</summary>
    /// <param name="task">The task.</param>
    /// <param name="settings">Settings of maintenance.</param>
    /// <param name="bytes">Bytes of the step.</param>
    /// <param name="took">How long the step took.</param>
    public static TimeSpan RestAfter(MaintenanceTaskRow task, MaintenanceSettings settings, long bytes, TimeSpan took)
    {
        var rest = task.Trigger == RunTrigger.Limit ? TimeSpan.Zero : took * (settings.Rest / 100.0);
        rest = rest > LongestRest ? LongestRest : rest;
        if (Of(task.Kind, settings).BytesPerSecond is not { } rate || bytes == 0)
        {
            return rest;
        }

        var owed = TimeSpan.FromSeconds((double)bytes / rate) - took;
        return owed > rest ? owed : rest;
    }

    /// <summary>
    /// How long a task may wait without any progress before it ends with an error: somebody waits for an operator's run, and
    /// later phases for the schedule's; a policy stays to be made true.
    /// </summary>
    public static TimeSpan Patience(RunTrigger trigger) => trigger switch
    {
        RunTrigger.Operator => TimeSpan.FromMinutes(1),
        RunTrigger.Schedule => TimeSpan.FromMinutes(10),
        _ => TimeSpan.FromDays(1),
    };

    /// <summary>Wait after a failed step, given for how long nothing was possible.</summary>
    public static TimeSpan RetryAfter(TimeSpan waited) => waited < FirstRetry ? FirstRetry : waited > LongestRetry ? LongestRetry : waited;
}

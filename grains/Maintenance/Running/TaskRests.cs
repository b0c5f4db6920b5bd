namespace Granary.Grains.Maintenance;

/// <summary>Until when tasks rest that have a pace; kept by the grain, since a restart may well begin at once.</summary>
internal sealed class TaskRests
{
    private readonly Dictionary<(long Run, int Task), DateTimeOffset> _until = [];

    /// <summary>When a task may go on.</summary>
    public DateTimeOffset Until(long run, int task) => _until.GetValueOrDefault((run, task));

    /// <summary>Lets a task rest.</summary>
    public void Set(long run, int task, DateTimeOffset until) => _until[(run, task)] = until;

    /// <summary>Forgets a task that ended.</summary>
    public void Remove(long run, int task) => _until.Remove((run, task));
}

using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

internal sealed partial class TaskRunner
{
    [LoggerMessage(4230, LogLevel.Warning, "Run {Run}, task {Task} ({Kind}): a step failed; it is tried again.")]
    private partial void LogStepFailed(Exception failure, long run, int task, MaintenanceTaskKind kind);

    [LoggerMessage(4231, LogLevel.Information, "Run {Run} ended: {State}.")]
    private partial void LogRunEnded(long run, RunState state);

    [LoggerMessage(4232, LogLevel.Warning, "Run {Run}, task {Task} ({Kind}): given up after {Waited}. {Reason}")]
    private partial void LogGivenUp(long run, int task, MaintenanceTaskKind kind, TimeSpan waited, string reason);
}

using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

internal abstract partial class MaintenanceGrain
{
    [LoggerMessage(4200, LogLevel.Warning, "Background work on {Subject} failed; it is tried again.")]
    private partial void LogUnitFailed(Exception failure, string subject);
}

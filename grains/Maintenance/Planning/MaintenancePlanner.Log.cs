using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Maintenance;

internal sealed partial class MaintenancePlanner
{
    [LoggerMessage(4240, LogLevel.Warning, "What scope {Scope} needs after its content grew could not be planned; it is planned with the next upload, or the daily run.")]
    private partial void LogGrowthFailed(Exception failure, ScopeId scope);

    [LoggerMessage(4241, LogLevel.Warning, "A change of scope {Scope} is done, but maintenance could not be told; the daily run makes it true.")]
    private partial void LogPolicyFailed(Exception failure, ScopeId scope);

    [LoggerMessage(4242, LogLevel.Warning, "A change of store {Store} is done, but maintenance could not be told; the daily run makes it true.")]
    private partial void LogLimitFailed(Exception failure, StoreId store);
}

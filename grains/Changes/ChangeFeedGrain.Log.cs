using Microsoft.Extensions.Logging;

namespace Granary.Grains.Changes;

internal sealed partial class ChangeFeedGrain
{
    [LoggerMessage(4380, LogLevel.Warning, "Changes of scope {Scope} could not be announced; those who follow it find them a moment later.")]
    private partial void LogAnnounceFailed(Exception failure, string scope);

    [LoggerMessage(4381, LogLevel.Warning, "Work for scope {Scope} could not be woken; its reminder will.")]
    private partial void LogWakeFailed(Exception failure, string scope);
}

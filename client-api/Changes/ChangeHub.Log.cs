using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Changes;

internal sealed partial class ChangeHub
{
    [LoggerMessage(5310, LogLevel.Warning, "Announcements of scope {Scope} cannot be listened to; its changes are looked for every {Period}.")]
    private partial void LogListenFailed(Exception failure, string scope, TimeSpan period);

    [LoggerMessage(5311, LogLevel.Warning, "The sockets could not be tended; it is tried again in a second.")]
    private partial void LogTendFailed(Exception failure);
}

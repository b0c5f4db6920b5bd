using Microsoft.Extensions.Logging;

namespace Granary.Grains.Webhooks;

internal sealed partial class WebhookGrain
{
    [LoggerMessage(4320, LogLevel.Information, "Webhook {Webhook}: delivery {Delivery} was not accepted: {Error}")]
    private partial void LogNotAccepted(long webhook, Guid delivery, string error);

    [LoggerMessage(4321, LogLevel.Warning, "Webhook {Webhook}: its work failed; it is tried again.")]
    private partial void LogFailed(Exception failure, long webhook);
}

using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>
/// Wakes the webhooks that the catalog's rows say have something to send: when the silo has started, then every minute, so
/// that neither a crash nor a lost call delays a delivery for long.
/// </summary>
internal sealed partial class WebhookWaker(WebhookCatalog webhooks, IGrainFactory grains, TimeProvider time, ILogger<WebhookWaker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                foreach (var (id, tenant, scope) in await webhooks.DueAsync(Interval, stoppingToken))
                {
                    await grains.GetGrain<IWebhookGrain>(WebhookKeys.Of(tenant, scope, id)).WakeAsync(stoppingToken);
                }
            }
            catch (Exception failure) when (failure is not OutOfMemoryException && !stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(6040, LogLevel.Warning, "Webhooks could not be woken; it is tried again in a minute.")]
    private partial void LogFailed(Exception failure);
}

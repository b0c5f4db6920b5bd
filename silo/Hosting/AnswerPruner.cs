using Granary.Catalog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>Removes answers that are kept for repeated requests when they are too old to be asked for: a few pages a minute.</summary>
internal sealed partial class AnswerPruner(OperationCatalog operations, TimeProvider time, ILogger<AnswerPruner> logger) : BackgroundService
{
    private const int PageSize = 500;

    /// <summary>Pages in one round: 3,000 answers a second can come without the table growing for ever.</summary>
    private const int MostPages = 400;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await PruneAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var page = 0; page < MostPages && await operations.PruneAsync(PageSize, cancellationToken) == PageSize; page++)
            {
            }
        }
        catch (CatalogException failure)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(6290, LogLevel.Warning, "Old answers could not be removed; it is tried again in a minute.")]
    private partial void LogFailed(Exception failure);
}

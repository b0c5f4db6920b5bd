using System.Diagnostics.Metrics;
using Granary.Catalog;
using Microsoft.Extensions.Hosting;

namespace Granary.ClientApi.Metrics;

/// <summary>
/// How much maintenance waits, for whoever scales workers by it (S20). Every silo reports the whole queue, which is rows of the
/// catalog; while those cannot be read the last figure stands.
/// </summary>
internal sealed class MaintenanceQueue : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Meter _meter = new(ApiMetrics.MeterName);
    private readonly RunCatalog _runs;
    private readonly TimeProvider _time;
    private long _depth;

    public MaintenanceQueue(RunCatalog runs, TimeProvider time)
    {
        (_runs, _time) = (runs, time);
        _meter.CreateObservableGauge("granary.maintenance.queue_depth", () => Volatile.Read(ref _depth), "{chunk}", "Chunks that open maintenance tasks still have before them.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    Volatile.Write(ref _depth, await _runs.QueuedChunksAsync(stoppingToken));
                }
                catch (CatalogException)
                {
                    // The catalog's own health says so.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }
}

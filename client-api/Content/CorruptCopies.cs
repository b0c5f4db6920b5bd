using System.Collections.Concurrent;
using System.Threading.Channels;
using Granary.Catalog;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Content;

/// <summary>
/// Copies that were read and were not what their name says. They are logged and counted, are read last from then on, and
/// are queued in the catalog for repair, from where every silo learns of them; a copy that has left that queue is a copy like
/// any other again. While the catalog cannot be written they wait here.
/// </summary>
public sealed partial class CorruptCopies(RepairCatalog repairs, ApiMetrics metrics, TimeProvider time, ILogger<CorruptCopies> logger) : BackgroundService
{
    /// <summary>Most copies that are remembered; more than that is a dead disk, which its store reports by itself.</summary>
    private const int Max = 10_000;

    private const int BatchSize = 128;

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<LocationId, DamagedCopy> _copies = new();
    private readonly Channel<DamagedCopy> _found = Channel.CreateBounded<DamagedCopy>(
        new BoundedChannelOptions(Max) { FullMode = BoundedChannelFullMode.DropWrite });

    // Of the loop alone: what is known to be in the catalog's queue, so that its absence there means something.
    private HashSet<LocationId> _queued = [];

    /// <summary>All that are remembered.</summary>
    public ICollection<DamagedCopy> All => _copies.Values;

    /// <summary>Is the copy known to be bad?</summary>
    public bool Contains(LocationId location) => !_copies.IsEmpty && _copies.ContainsKey(location);

    internal void Report(TenantId tenant, StoreId store, LocationId location, ChunkCorruptException error)
    {
        metrics.Corrupt(error.Store);
        var copy = new DamagedCopy(tenant, store, location, error.Expected);
        if (_copies.Count < Max && _copies.TryAdd(location, copy))
        {
            LogCorrupt(error.Store, error.Key, error);
            _found.Writer.TryWrite(copy);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_look, time);
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var found = _found.Reader.WaitToReadAsync(stoppingToken).AsTask();
        var look = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WriteAsync(stoppingToken);
                if (look)
                    await LookAsync(stoppingToken);
            }
            catch (CatalogException error)
            {
                LogNotQueued(error);
                await tick; // the catalog cannot be used now: no need to try more often
            }

            var first = await Task.WhenAny(tick, found);
            look = first == tick;
            await first;
            if (look)
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            else
                found = _found.Reader.WaitToReadAsync(stoppingToken).AsTask();
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var batch = new List<DamagedCopy>();
        while (batch.Count < BatchSize && _found.Reader.TryRead(out var copy))
            batch.Add(copy);
        try
        {
            if (batch.Count > 0)
                await repairs.ReportAsync(batch, cancellationToken);
            _queued.UnionWith(batch.Select(static copy => copy.Location));
        }
        catch
        {
            // Found again by their next readers.
            batch.ForEach(copy => _copies.TryRemove(copy.Location, out _));
            throw;
        }
    }

    /// <summary>What is queued, by whichever silo, is bad; what is queued no more was repaired, or is gone.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var queue = await repairs.AllAsync(Max, cancellationToken);
        var bad = queue.Select(static copy => copy.Location).ToHashSet();
        foreach (var copy in queue)
            _copies.TryAdd(copy.Location, copy);
        foreach (var location in _queued.Where(location => !bad.Contains(location)))
            _copies.TryRemove(location, out _);
        _queued = bad;
    }

    [LoggerMessage(5020, LogLevel.Error, "Store {Store} holds a corrupt copy: {Key}")]
    private partial void LogCorrupt(string store, LocationKey key, Exception error);

    [LoggerMessage(5024, LogLevel.Warning, "Corrupt copies could not be queued for repair; their next readers queue them")]
    private partial void LogNotQueued(Exception error);
}

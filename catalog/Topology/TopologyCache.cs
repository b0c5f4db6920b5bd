using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Catalog;

/// <summary>The process's copy of the topology. Reading it costs nothing; it is at most two seconds behind, and callers that know of a newer version wait for that.</summary>
public sealed class TopologyCache(CatalogDatabase database) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile Topology? _current;

    /// <summary>Raised after <see cref="Current"/> has become a newer one. Handlers must be quick and must not throw.</summary>
    public event Action<Topology>? Changed;

    /// <summary>True when there is a copy.</summary>
    public bool IsRead => _current is not null;

    /// <summary>The copy. Only after the first <see cref="GetAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">Nothing was read yet.</exception>
    public Topology Current => _current ?? throw new InvalidOperationException("The topology was not read yet.");

    /// <summary>The copy, read first where there is none.</summary>
    public ValueTask<Topology> GetAsync(CancellationToken cancellationToken) =>
        _current is { } current ? new ValueTask<Topology>(current) : new ValueTask<Topology>(RefreshAsync(cancellationToken));

    /// <summary>Reads the topology again if its version moved.</summary>
    public async Task<Topology> RefreshAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        Topology next;
        try
        {
            var known = _current;
            var read = await database.ReadAsync(
                session => known is not null && TopologyTables.Version(session) == known.Version ? null : TopologyTables.Read(session),
                cancellationToken);
            if (read is null)
            {
                return known!;
            }

            _current = next = read;
        }
        finally
        {
            _reading.Release();
        }

        Changed?.Invoke(next);
        return next;
    }

    /// <summary>A copy at least as new as a version.</summary>
    public async Task<Topology> EnsureAsync(long version, CancellationToken cancellationToken) =>
        _current is { } current && current.Version >= version ? current : await RefreshAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();
}

/// <summary>Keeps the process's topology at most two seconds behind.</summary>
internal sealed partial class TopologyRefreshWorker(TopologyCache cache, CatalogDatabase database, ILogger<TopologyRefreshWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, database.Time);
        do
        {
            try
            {
                await cache.RefreshAsync(stoppingToken);
            }
            catch (CatalogException failure)
            {
                LogRefreshFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(3100, LogLevel.Warning, "The topology could not be read; the last copy stays in use")]
    private partial void LogRefreshFailed(Exception failure);
}

using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.FileStores;
using Granary.Silo.Cluster;
using Granary.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Stores;

/// <summary>
/// Keeps the open stores of this silo in step with the topology: opens what is new, closes what went, opens again what
/// changed its limits or secrets. What belongs to another silo of the cluster is opened through that silo.
/// </summary>
internal sealed partial class StoreKeeper(
    TopologyCache topology, StoreDirectory directory, SecretProtector secrets, ISiloContext silo, TimeProvider time, ILogger<StoreKeeper> logger,
    PeerStores? peers = null) : IHostedService, IStoreOpener, IDisposable
{
    /// <summary>How soon a store made on another silo is open here, and one that is offline is tried again.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Opens what there is before the silo answers, then follows.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await SynchronizeAsync(cancellationToken);
        _loop = FollowAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Brings the open stores in step once; callers that made a store need not wait for the next look.</summary>
    public async Task SynchronizeAsync(CancellationToken cancellationToken)
    {
        var current = await topology.RefreshAsync(cancellationToken);
        var own = current.Stores.Where(BelongsHere).Select(Define).OfType<ChunkStoreDefinition>();
        var others = peers is null ? [] : await peers.DefineAsync(current, cancellationToken);
        await directory.UpdateAsync([.. own, .. others], cancellationToken);
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (true)
        {
            try
            {
                await timer.WaitForNextTickAsync(cancellationToken);
                await SynchronizeAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                LogFailed(failure);
            }
        }
    }

    private bool BelongsHere(StoreInfo store) => store.Silo is null || store.Silo == silo.SiloName;

    private ChunkStoreDefinition? Define(StoreInfo store)
    {
        try
        {
            return StoreDefinitions.Define(store, silo.InstallationId, secrets);
        }
        catch (Exception failure) when (failure is FormatException or System.Security.Cryptography.CryptographicException)
        {
            LogUndefined(failure, store.Name);
            return null;
        }
    }

    [LoggerMessage(6100, LogLevel.Warning, "The stores could not be brought in step with the catalog; it is tried again.")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(6101, LogLevel.Error, "Store {Store} stays closed: its configuration or secrets cannot be read.")]
    private partial void LogUndefined(Exception failure, string store);
}

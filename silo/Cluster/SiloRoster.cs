using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.Health;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.Silo.Cluster;

/// <summary>
/// Which silos live, in the rows. Ends the life of a silo that the membership lost, so that its uploads die and its space
/// comes back; and ends this process when its own life was ended by others: they found it dead, or another process has
/// taken its name.
/// </summary>
internal sealed partial class SiloRoster(
    SiloAddressCatalog addresses, SiloCatalog silos, ISiloContext silo, IGrainFactory grains, Readiness readiness, IHostApplicationLifetime lifetime,
    TimeProvider time, ILogger<SiloRoster> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Looks in a row that must miss a silo before its life is ended: a silo that is just joining is not in the table yet.</summary>
    private const int Misses = 6;

    private readonly Dictionary<long, int> _missed = [];

    /// <summary>True once this life was ended by others; the process is about to stop.</summary>
    public bool WasEnded { get; private set; }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                if (!await silos.IsAliveAsync(silo.Epoch, stoppingToken))
                {
                    LogEnded(silo.SiloName, silo.Epoch.Value);
                    WasEnded = true;
                    readiness.Close("This life of the silo was ended by others.");
                    lifetime.StopApplication();
                    return;
                }

                await EndLostAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    private async Task EndLostAsync(CancellationToken cancellationToken)
    {
        var hosts = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: false).WaitAsync(cancellationToken);
        var members = hosts.Where(static host => host.Status != SiloStatus.Dead).Select(static host => host.SiloName).ToHashSet(StringComparer.Ordinal);
        if (!members.Contains(silo.SiloName))
        {
            return; // a view without ourselves proves nothing about others
        }

        foreach (var other in await addresses.ListAsync(cancellationToken))
        {
            if (members.Contains(other.Silo))
            {
                _missed.Remove(other.Epoch.Value);
                continue;
            }

            var missed = _missed[other.Epoch.Value] = _missed.GetValueOrDefault(other.Epoch.Value) + 1;
            if (missed >= Misses && await addresses.EndDeadAsync(other.Epoch, cancellationToken))
            {
                LogLost(other.Silo, other.Epoch.Value);
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(6300, LogLevel.Critical, "Life {Epoch} of silo {Silo} was ended by others: it was found dead, or another process took its name. This process stops.")]
    private partial void LogEnded(string silo, long epoch);

    [LoggerMessage(6301, LogLevel.Warning, "Silo {Silo} (life {Epoch}) is lost; its unfinished uploads end, its space comes back when nothing of it can arrive any more.")]
    private partial void LogLost(string silo, long epoch);

    [LoggerMessage(6302, LogLevel.Warning, "The roster of silos could not be looked at; it is tried again.")]
    private partial void LogFailed(Exception failure);
}

using Granary.ClientApi.Cluster;
using Orleans.Runtime;

namespace Granary.Silo.Hosting;

/// <summary>Asks Orleans' management grain about the silos.</summary>
internal sealed class ClusterInfo(IGrainFactory grains) : IClusterInfo
{
    private static readonly IReadOnlyList<string> Roles = ["api", "silo"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SiloFacts>> GetSilosAsync(CancellationToken cancellationToken)
    {
        var management = grains.GetGrain<IManagementGrain>(0);
        var silos = await management.GetDetailedHosts(onlyActive: false).WaitAsync(cancellationToken);
        var statistics = await management.GetSimpleGrainStatistics().WaitAsync(cancellationToken);
        return [.. silos.Select(s => new SiloFacts(
            s.SiloName, s.Status.ToString().ToLowerInvariant(), Roles,
            statistics.Where(a => a.SiloAddress.Equals(s.SiloAddress)).Sum(static a => (long)a.ActivationCount),
            new DateTimeOffset(DateTime.SpecifyKind(s.StartTime, DateTimeKind.Utc))))];
    }
}

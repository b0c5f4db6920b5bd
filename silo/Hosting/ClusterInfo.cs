using Granary.Catalog;
using Granary.ClientApi.Cluster;
using Granary.Silo.Configuration;
using Orleans.Runtime;

namespace Granary.Silo.Hosting;

/// <summary>Asks Orleans' management grain about the silos, and their rows for what they do.</summary>
internal sealed class ClusterInfo(IGrainFactory grains, SiloAddressCatalog addresses, SiloSettings settings, TimeProvider time) : IClusterInfo
{
    private static readonly TimeSpan LongestCount = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SiloFacts>> GetSilosAsync(CancellationToken cancellationToken)
    {
        var management = grains.GetGrain<IManagementGrain>(0);
        var silos = await management.GetDetailedHosts(onlyActive: false).WaitAsync(cancellationToken);
        var statistics = await CountAsync(management, cancellationToken);
        var rows = (await addresses.ListAsync(cancellationToken)).ToDictionary(static row => row.Silo, StringComparer.Ordinal);
        return [.. silos.Select(s =>
        {
            var (role, version) = s.Status == SiloStatus.Dead ? default : Of(rows, s.SiloName);
            return new SiloFacts(
                s.SiloName, s.Status.ToString().ToLowerInvariant(), role, version,
                statistics?.Where(a => a.SiloAddress.Equals(s.SiloAddress)).Sum(static a => (long)a.ActivationCount),
                new DateTimeOffset(DateTime.SpecifyKind(s.StartTime, DateTimeKind.Utc)));
        })];
    }

    // Every silo is asked; one that has just died, and is not known to be dead yet, is no reason to show nothing.
    private async Task<SimpleGrainStatistic[]?> CountAsync(IManagementGrain management, CancellationToken cancellationToken)
    {
        try
        {
            return await management.GetSimpleGrainStatistics().WaitAsync(LongestCount, time, cancellationToken);
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    // A silo alone has no row: nobody needs to find it.
    private (string? Role, string? Version) Of(Dictionary<string, SiloAddressInfo> rows, string silo) =>
        rows.GetValueOrDefault(silo) is { } row ? (row.Role, row.Version)
        : silo == settings.Name ? (settings.Role, RuntimeIdentity.ProductVersion)
        : default;
}

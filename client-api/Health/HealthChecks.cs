using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Health;

/// <summary>Looks at what this process depends on. Every check is bounded in time; a dependency that hangs has failed.</summary>
internal sealed class HealthChecks(
    Readiness readiness, CatalogDatabase catalog, TopologyCache topologies, IGrainFactory grains, IStoreDirectory stores, TimeProvider time)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    /// <summary>
    /// What keeps this process from serving, by dependency (S19, O14): the catalog, the grains, and the stores when none of
    /// them is usable. One store that is offline does not make the process unready: its copies may be elsewhere, and
    /// other stores take writes.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> FindFailuresAsync(CancellationToken cancellationToken)
    {
        var failures = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (readiness.Closed is { } closed)
        {
            failures["silo"] = closed;
        }

        var checks = new[]
        {
            CheckAsync("catalog", "The catalog does not answer.", t => catalog.ReadAsync(_ => true, t), cancellationToken),
            CheckAsync("grains", "The grains do not answer.", AskGrainAsync, cancellationToken),
        };
        foreach (var (name, failure) in await Task.WhenAll(checks))
        {
            if (failure is not null)
            {
                failures[name] = failure;
            }
        }

        if (stores.Stores is { Count: > 0 } known && known.All(s => s.Health == StoreHealth.Offline))
        {
            failures["stores"] = "No file store is usable.";
        }

        return failures;
    }

    private async Task AskGrainAsync(CancellationToken cancellationToken)
    {
        var topology = await topologies.GetAsync(cancellationToken);
        if (topology.Tenants.FirstOrDefault() is { } tenant)
        {
            await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).GetQuotaAsync(cancellationToken);
        }
    }

    private async Task<(string Name, string? Failure)> CheckAsync(
        string name, string failure, Func<CancellationToken, Task> check, CancellationToken cancellationToken)
    {
        try
        {
            await check(cancellationToken).WaitAsync(Bound, time, cancellationToken);
            return (name, null);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // What exactly failed is in the log; a probe answers anybody and says no more than this.
            return (name, failure);
        }
    }
}

using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Cluster;

/// <summary><c>GET /api/v1/cluster</c>: silos, their state, and the stores they own; for operators.</summary>
internal sealed class ClusterEndpoints(IClusterInfo cluster, SiloDrains drains, ISiloContext silo)
{
    private static readonly OperationDescription Description = new("getCluster", "Operations", "Shows the silos, their state, and the stores they own.")
    {
        Answers = [AnswerDescription.Of(200, "The cluster.", new BodySchema("Cluster", AdminJson.Default.ClusterView))],
    };

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGlobal("GET", ApiEndpoints.Root + "/cluster", Rights.Operator, ShowAsync).Describe(Description);

    private async Task<IResult> ShowAsync(ApiCall call)
    {
        var silos = await cluster.GetSilosAsync(call.Aborted);
        var topology = await call.RefreshTopologyAsync();
        var drained = (await drains.ListAsync(topology, call.Aborted)).ToDictionary(static drain => drain.Silo, StringComparer.Ordinal);
        var views = silos
            .OrderBy(s => s.Name, StringComparer.Ordinal)
            .ThenBy(static s => s.Started)
            .Select(s => new SiloView(
                s.Name, s.Status, s.Role is { } role ? [role] : [], s.Activations, s.Version, OwnStores(topology, s.Name), s.Started, drained.GetValueOrDefault(s.Name)))
            .ToList();
        return ApiResults.Json(new ClusterView(silo.Runtime, silo.Version, views), AdminJson.Default.ClusterView);
    }

    private static IReadOnlyList<string> OwnStores(Topology topology, string siloName) =>
        [.. topology.Stores.Where(s => s.Silo == siloName && s.State == StoreState.Active).Select(s => s.Name).Order(StringComparer.Ordinal)];
}

/// <summary>The cluster as the answer shows it.</summary>
internal sealed record ClusterView(string Runtime, string Version, IReadOnlyList<SiloView> Silos);

/// <summary>
/// One silo of it; <paramref name="Stores"/> are the local stores that only it reads and writes, <paramref name="Drain"/> is
/// there when it is to leave. A silo that is gone has neither role nor version.
/// </summary>
internal sealed record SiloView(
    string Name, string Status, IReadOnlyList<string> Roles, long? Activations, string? Version, IReadOnlyList<string> Stores,
    DateTimeOffset Started, SiloDrainView? Drain);

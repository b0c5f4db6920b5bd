using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi;

/// <summary>One authenticated request, as handlers see it.</summary>
public sealed class ApiCall
{
    private readonly TopologyCache _topologies;

    internal ApiCall(HttpContext http, TopologyCache topologies, Topology topology, Caller caller)
    {
        Http = http;
        _topologies = topologies;
        Topology = topology;
        Caller = caller;
    }

    /// <summary>The request and the answer.</summary>
    public HttpContext Http { get; }

    /// <summary>Tenants, scopes, stores and keys as of this request.</summary>
    public Topology Topology { get; private set; }

    /// <summary>Who asks.</summary>
    public Caller Caller { get; }

    /// <summary>The tenant that the call acts in; only for resources that lie in one.</summary>
    public TenantId TenantId => Caller.Tenant ?? throw new InvalidOperationException("The resource was mapped without a tenant.");

    /// <summary>The tenant that the call acts in; only for resources that lie in one.</summary>
    public TenantInfo Tenant =>
        Topology.Tenant(TenantId) ?? throw new InvalidOperationException("The credential's tenant is gone.");

    /// <summary>Signalled when the client went away.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>The query.</summary>
    public RequestQuery Query => new(Http);

    /// <summary>A part of the route, decoded.</summary>
    public string Route(string name) => (string)Http.Request.RouteValues[name]!;

    /// <summary>Reads the topology again, where what was asked for may have been made a moment ago.</summary>
    public async Task<Topology> RefreshTopologyAsync() => Topology = await _topologies.RefreshAsync(Aborted);

    /// <summary>Makes sure that the topology is at least of a version, which a lookup in the catalog met.</summary>
    public async ValueTask EnsureTopologyAsync(long version)
    {
        if (Topology.Version < version)
            Topology = await _topologies.EnsureAsync(version, Aborted);
    }

    /// <summary>
    /// Finds a scope of the tenant by name. What does not exist, what is being deleted and what the caller is not limited to
    /// are the same 404.
    /// </summary>
    public async ValueTask<(ScopeInfo? Scope, Problem? Problem)> FindScopeAsync(string name, bool alsoDeleting = false)
    {
        var scope = Topology.ScopeByName(TenantId, name) ?? (await RefreshTopologyAsync()).ScopeByName(TenantId, name);
        if (scope is null || !Caller.Sees(scope) || (scope.State != ScopeState.Active && !alsoDeleting))
            return (null, Problem.NotFound("There is no such scope."));
        return (scope, null);
    }

    /// <summary>Reads the JSON body; one that is absent reads as <c>{}</c> where that is allowed.</summary>
    /// <returns>The object, or the refusal.</returns>
    public Task<(JsonRequest? Body, Problem? Problem)> ReadBodyAsync(bool allowEmpty = false) => JsonRequest.ReadAsync(Http, allowEmpty, Aborted);

    /// <summary>What is wrong with the request's key or with any field of its body. Ask when all fields were read.</summary>
    /// <param name="body">The body.</param>
    /// <param name="operation">The client's key, bound to this request; null when it sent none.</param>
    public Problem? Check(JsonRequest body, out OperationKey? operation)
    {
        operation = OperationKeys.Read(Http, body.Utf8.Span, out var problem);
        return problem ?? body.ToProblem();
    }
}

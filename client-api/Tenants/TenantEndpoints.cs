using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Tenants;

/// <summary><c>/api/v1/tenants</c>: for operators (http-api, Scopes and tenants).</summary>
internal sealed class TenantEndpoints(TenantCatalog tenants, OperationCatalog operations, IGrainFactory grains)
{
    private const string Collection = ApiEndpoints.Root + "/tenants";
    private const string Item = Collection + "/{tenant}";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGlobal("GET", Collection, Rights.Operator, ListAsync).Describe(TenantDescriptions.List);
        routes.MapGlobal("POST", Collection, Rights.Operator, CreateAsync).Describe(TenantDescriptions.Create);
        routes.MapGlobal("GET", Item, Rights.Operator, ShowAsync).Describe(TenantDescriptions.Show);
        routes.MapGlobal("PATCH", Item, Rights.Operator, ChangeAsync).Describe(TenantDescriptions.Change);
        routes.MapGlobal("DELETE", Item, Rights.Operator, DeleteAsync).Describe(TenantDescriptions.Delete);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var topology = await call.RefreshTopologyAsync();
        var page = PageRequest.From(call.Query)
            .Cut(topology.Tenants.Where(t => t.State == TenantState.Active).OrderBy(t => t.Name, StringComparer.Ordinal), t => t.Name);
        var items = new List<TenantView>(page.Items.Count);
        foreach (var tenant in page.Items)
        {
            items.Add(await ViewAsync(topology, tenant, call.Aborted));
        }

        return ApiResults.Json(new Page<TenantView>(items, page.Next), AdminJson.Default.TenantPage);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var topology = await call.RefreshTopologyAsync();
        var name = NameField.Read(body);
        var settings = ReadSettings(body, new TenantSettings(), topology);
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var created = await tenants.CreateAsync(name, settings, operation, call.Aborted);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return denied;
        }

        topology = await call.RefreshTopologyAsync();
        return topology.Tenant(created.Id!.Value) is { } tenant
            ? ApiResults.Json(
                await ViewAsync(topology, tenant, call.Aborted), AdminJson.Default.TenantView, StatusCodes.Status201Created, $"{Collection}/{name}")
            : Problem.NotFound("The tenant was created and has been deleted since.");
    }

    private async Task<IResult> ShowAsync(ApiCall call)
    {
        var (topology, tenant) = await FindAsync(call);
        return tenant is null
            ? NoSuchTenant()
            : ApiResults.Json(await ViewAsync(topology, tenant, call.Aborted), AdminJson.Default.TenantView);
    }

    private async Task<IResult> ChangeAsync(ApiCall call)
    {
        var (topology, tenant) = await FindAsync(call);
        if (tenant is null)
        {
            return NoSuchTenant();
        }

        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var settings = ReadSettings(body, tenant.Settings, topology);
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var result = await Grain(tenant).UpdateAsync(settings, operation, call.Aborted);
        return AdminAnswers.ToProblem(result) ?? await ShowAsync(call);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        var (_, tenant) = await FindAsync(call);
        return tenant is null
            ? await AdminAnswers.DeletedBeforeAsync(operations, OperationCatalog.NoTenant, operation, NoSuchTenant(), call.Aborted)
            : AdminAnswers.Deleted(await Grain(tenant).DeleteAsync(operation, call.Aborted));
    }

    private static async Task<(Topology Topology, TenantInfo? Tenant)> FindAsync(ApiCall call)
    {
        var topology = await call.RefreshTopologyAsync();
        var tenant = topology.TenantByName(call.Route("tenant"));
        return (topology, tenant is { State: TenantState.Active } ? tenant : null);
    }

    private static TenantSettings ReadSettings(JsonRequest body, TenantSettings before, Topology topology)
    {
        var stores = before.Stores;
        if (body.Has("stores"))
        {
            stores = [.. (body.Texts("stores") ?? []).Distinct().Select(name => StoreByName(body, topology, name)).OfType<StoreId>()];
        }

        return new TenantSettings
        {
            QuotaBytes = body.Has("quotaBytes") ? body.Number("quotaBytes", min: 0) : before.QuotaBytes,
            MaxFileBytes = body.Has("maxFileBytes") ? body.Number("maxFileBytes", min: 0) : before.MaxFileBytes,
            RequestsPerMinute = body.Has("requestsPerMinute") ? body.Int32("requestsPerMinute", min: 1) : before.RequestsPerMinute,
            Stores = stores.ToArray(),
        };
    }

    private static StoreId? StoreByName(JsonRequest body, Topology topology, string name)
    {
        if (topology.StoreByName(name) is { State: StoreState.Active } store)
        {
            return store.Id;
        }

        body.Error("stores", "There is no file store of one of these names.");
        return null;
    }

    private async Task<TenantView> ViewAsync(Topology topology, TenantInfo tenant, CancellationToken cancellationToken)
    {
        var usage = await tenants.GetUsageAsync(tenant.Id, cancellationToken);
        return new TenantView(
            tenant.Name, tenant.Settings.QuotaBytes, tenant.Settings.MaxFileBytes, tenant.Settings.RequestsPerMinute,
            [.. tenant.Settings.Stores.Select(topology.Store).OfType<StoreInfo>().Select(s => s.Name).Order(StringComparer.Ordinal)],
            usage?.Logical ?? 0, usage?.Reserved ?? 0, tenant.Created);
    }

    private ITenantGrain Grain(TenantInfo tenant) => grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id));

    private static Problem NoSuchTenant() => Problem.NotFound("There is no such tenant.");
}

/// <summary>A tenant as answers show it.</summary>
internal sealed record TenantView(
    string Name, long? QuotaBytes, long? MaxFileBytes, int? RequestsPerMinute, IReadOnlyList<string> Stores,
    long LogicalBytes, long ReservedBytes, DateTimeOffset Created);

using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.ApiKeys;

/// <summary>
/// <c>/api/v1/api-keys</c>: for tenant admins that are not limited to scopes. A key never gets a right that its maker lacks.
/// </summary>
internal sealed class ApiKeyEndpoints(ApiKeyCatalog keys, TimeProvider time)
{
    private const string Collection = ApiEndpoints.Root + "/api-keys";
    private const string Item = Collection + "/{id}";
    public const int MaxNameLength = 200;

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", Collection, Rights.Admin, ListAsync).Describe(ApiKeyDescriptions.List);
        routes.MapApi("POST", Collection, Rights.Admin, CreateAsync).Describe(ApiKeyDescriptions.Create);
        routes.MapApi("PATCH", Item, Rights.Admin, ChangeAsync).Describe(ApiKeyDescriptions.Change);
        routes.MapApi("DELETE", Item, Rights.Admin, DeleteAsync).Describe(ApiKeyDescriptions.Delete);
    }

    private static async Task<IResult> ListAsync(ApiCall call)
    {
        if (Limited(call) is { } problem)
        {
            return problem;
        }

        var topology = await call.RefreshTopologyAsync();
        var page = PageRequest.From(call.Query).Cut(topology.Keys(call.TenantId).OrderBy(k => k.Id, StringComparer.Ordinal), k => k.Id);
        var items = page.Items.Select(k => View(topology, k)).ToList();
        return ApiResults.Json(new Page<ApiKeyView>(items, page.Next), AdminJson.Default.ApiKeyPage);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        if (Limited(call) is { } limited)
        {
            return limited;
        }

        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var topology = await call.RefreshTopologyAsync();
        var asked = Read(call, topology, body, null);
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        if (asked.Rights.Contains("operator") && !call.Caller.IsOperator)
        {
            return new Problem(ProblemKinds.Forbidden, "Only an operator makes operator keys.");
        }

        var created = await keys.CreateAsync(asked, operation, call.Aborted);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return denied;
        }

        await call.RefreshTopologyAsync();
        var view = new ApiKeyCreatedView(
            created.Id!, asked.Name, asked.Rights, ScopeNames(topology, asked.Scopes), asked.Expires, created.Secret);
        return ApiResults.Json(view, AdminJson.Default.ApiKeyCreatedView, StatusCodes.Status201Created, $"{Collection}/{created.Id}");
    }

    /// <summary>A key that has a right its changer lacks is not changed by him: it could be given more scopes.</summary>
    private async Task<IResult> ChangeAsync(ApiCall call)
    {
        if (Limited(call) is { } limited)
        {
            return limited;
        }

        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var id = call.Route("id");
        var topology = await call.RefreshTopologyAsync();
        if (topology.Keys(call.TenantId).FirstOrDefault(k => k.Id == id) is not { } before)
        {
            return Problem.NotFound("There is no such key.");
        }

        var asked = Read(call, topology, body, before);
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        if (!call.Caller.IsOperator && (asked.Rights.Contains("operator") || before.Rights.Contains("operator")))
        {
            return new Problem(ProblemKinds.Forbidden, "Only an operator makes or changes operator keys.");
        }

        if (AdminAnswers.ToProblem(await keys.UpdateAsync(id, asked, operation, call.Aborted)) is { } denied)
        {
            return denied;
        }

        topology = await call.RefreshTopologyAsync();
        return topology.Keys(call.TenantId).FirstOrDefault(k => k.Id == id) is { } now
            ? ApiResults.Json(View(topology, now), AdminJson.Default.ApiKeyView)
            : Problem.NotFound("There is no such key.");
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if ((problem ?? Limited(call)) is { } refused)
        {
            return refused;
        }

        return AdminAnswers.Deleted(await keys.DeleteAsync(call.TenantId, call.Route("id"), operation, call.Aborted));
    }

    private NewApiKey Read(ApiCall call, Topology topology, JsonRequest body, ApiKeyInfo? before)
    {
        var name = body.Text("name", required: before is null || body.Has("name"), MaxNameLength) ?? before?.Name ?? "";
        var rights = body.Texts("rights", required: before is null || body.Has("rights"))?.Distinct().ToArray() ?? before?.Rights ?? [];
        if (rights.Length == 0 || rights.Except(RightsText.Names).Any())
        {
            body.Error("rights", $"rights is a list of at least one of {string.Join(", ", RightsText.Names)}.");
        }

        var scopes = body.Has("scopes") ? null : before?.Scopes?.Where(id => topology.Scope(id) is { State: ScopeState.Active }).ToArray();
        if (body.Texts("scopes") is { } names)
        {
            var found = names.Distinct().Select(n => topology.ScopeByName(call.TenantId, n)).ToList();
            if (found.Count == 0 || found.Exists(s => s is null or { State: not ScopeState.Active }))
            {
                body.Error("scopes", "scopes is a list of at least one name of a scope that exists.");
            }

            scopes = [.. found.OfType<ScopeInfo>().Select(s => s.Id)];
        }

        if (scopes is not null && rights.Contains("operator"))
        {
            body.Error("scopes", "An operator key is not limited to scopes.");
        }

        // A key that has expired may be renamed only together with a new end.
        var expires = body.Has("expires") ? body.Time("expires") : before?.Expires;
        if (expires <= time.GetUtcNow())
        {
            body.Error("expires", "expires is in the future.");
        }

        return new NewApiKey { Tenant = call.TenantId, Name = name, Rights = rights, Scopes = scopes, Expires = expires };
    }

    private static Problem? Limited(ApiCall call) =>
        call.Caller.SeesAllScopes ? null : new Problem(ProblemKinds.Forbidden, "A credential that is limited to scopes does not manage keys.");

    private static ApiKeyView View(Topology topology, ApiKeyInfo key) =>
        new(key.Id, key.Name, key.Rights, ScopeNames(topology, key.Scopes), key.Expires, key.Created);

    private static IReadOnlyList<string>? ScopeNames(Topology topology, ScopeId[]? scopes) =>
        scopes is null ? null : [.. scopes.Select(topology.Scope).OfType<ScopeInfo>().Select(s => s.Name).Order(StringComparer.Ordinal)];
}

/// <summary>A key as lists show it, without its secret.</summary>
internal sealed record ApiKeyView(
    string Id, string Name, IReadOnlyList<string> Rights, IReadOnlyList<string>? Scopes, DateTimeOffset? Expires, DateTimeOffset Created);

/// <summary>A key that was just made; <paramref name="Secret"/> is shown this once, and null when the request was a repeat.</summary>
internal sealed record ApiKeyCreatedView(
    string Id, string Name, IReadOnlyList<string> Rights, IReadOnlyList<string>? Scopes, DateTimeOffset? Expires, string? Secret);

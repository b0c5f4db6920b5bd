using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Scopes;

/// <summary><c>/api/v1/scopes</c> (http-api, Scopes and tenants).</summary>
internal sealed class ScopeEndpoints(ScopeCatalog scopes, OperationCatalog operations, IGrainFactory grains)
{
    private const string Collection = ApiEndpoints.Root + "/scopes";
    private const string Item = Collection + "/{scope}";
    public const int MaxKept = 1_000_000;

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", Collection, Rights.Read, ListAsync).Describe(ScopeDescriptions.List);
        routes.MapApi("POST", Collection, Rights.Admin, CreateAsync).Describe(ScopeDescriptions.Create);
        routes.MapApi("GET", Item, Rights.Read, ShowAsync).Describe(ScopeDescriptions.Show);
        routes.MapApi("PATCH", Item, Rights.Admin, ChangeAsync).Describe(ScopeDescriptions.Change);
        routes.MapApi("DELETE", Item, Rights.Admin, DeleteAsync).Describe(ScopeDescriptions.Delete);
    }

    /// <summary>The whole view of a scope; also the answer to changes of its attachments.</summary>
    public async Task<IResult> ShowAsync(ApiCall call) => await ShowAsync(call, call.Route("scope"), null);

    private static async Task<IResult> ListAsync(ApiCall call)
    {
        var topology = await call.RefreshTopologyAsync();
        var visible = topology.Scopes(call.TenantId).Where(s => s.State == ScopeState.Active && call.Caller.Sees(s));
        var page = PageRequest.From(call.Query).Cut(visible.OrderBy(s => s.Name, StringComparer.Ordinal), s => s.Name);
        var items = page.Items
            .Select(s => new ScopeSummary(
                s.Name, s.Settings.QuotaBytes, s.Settings.KeepVersions, s.Settings.KeepDays, s.Settings.LegalHold, StateName(s.State), s.Created))
            .ToList();
        return ApiResults.Json(new Page<ScopeSummary>(items, page.Next), AdminJson.Default.ScopePage);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        if (!call.Caller.SeesAllScopes)
        {
            return new Problem(ProblemKinds.Forbidden, "A credential that is limited to scopes makes none.");
        }

        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var name = NameField.Read(body);
        var settings = ReadSettings(body, new ScopeSettings());
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var created = await scopes.CreateAsync(call.TenantId, name, settings, operation, call.Aborted);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return denied;
        }

        await call.RefreshTopologyAsync();
        return await ShowAsync(call, name, created.Result.Warnings, StatusCodes.Status201Created);
    }

    private async Task<IResult> ChangeAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        (var body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var settings = ReadSettings(body, scope.Settings);
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var result = await Grain(scope).UpdateSettingsAsync(settings, operation, call.Aborted);
        if (AdminAnswers.ToProblem(result) is { } denied)
        {
            return denied;
        }

        await call.RefreshTopologyAsync();
        return await ShowAsync(call, scope.Name, result.Warnings);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var force = call.Query.Flag("force");
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        (var scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        return scope is null
            ? await AdminAnswers.DeletedBeforeAsync(operations, call.TenantId, operation, problem!, call.Aborted)
            : AdminAnswers.Deleted(await Grain(scope).DeleteScopeAsync(force, operation, call.Aborted));
    }

    private async Task<IResult> ShowAsync(
        ApiCall call, string name, IReadOnlyList<string>? warnings, int status = StatusCodes.Status200OK)
    {
        var (scope, problem) = await call.FindScopeAsync(name);
        if (scope is null)
        {
            return problem!;
        }

        var details = await scopes.GetDetailsAsync(scope.Tenant, scope.Id, call.Aborted);
        if (details is null)
        {
            return Problem.NotFound("There is no such scope.");
        }

        var view = new ScopeView(
            scope.Name, scope.Settings.QuotaBytes, scope.Settings.KeepVersions, scope.Settings.KeepDays, scope.Settings.LegalHold,
            StateName(scope.State), scope.Created,
            details.LogicalBytes, details.ReservedBytes, details.UniqueBytes, details.Files, details.Holds, details.CountedAt,
            ScopeStoreTable.Rows(call.Topology, scope, details), warnings is { Count: > 0 } ? warnings : null);
        return ApiResults.Json(view, AdminJson.Default.ScopeView, status, status == StatusCodes.Status201Created ? $"{Collection}/{scope.Name}" : null);
    }

    private static ScopeSettings ReadSettings(JsonRequest body, ScopeSettings before)
    {
        if (body.IsNull("keepVersions"))
        {
            body.Error("keepVersions", $"keepVersions is a whole number from 1 to {MaxKept}.");
        }

        return new ScopeSettings
        {
            QuotaBytes = body.Has("quotaBytes") ? body.Number("quotaBytes", min: 0) : before.QuotaBytes,
            KeepVersions = body.Int32("keepVersions", min: 1, max: MaxKept) ?? before.KeepVersions,
            KeepDays = body.Has("keepDays") ? body.Int32("keepDays", min: 1, max: MaxKept) : before.KeepDays,
            LegalHold = body.Flag("legalHold") ?? (!body.IsNull("legalHold") && before.LegalHold),
        };
    }

    private IScopeGrain Grain(ScopeInfo scope) => grains.GetGrain<IScopeGrain>(GrainKeys.Scope(scope.Tenant, scope.Id));

    private static string StateName(ScopeState state) => state == ScopeState.Active ? "active" : "deleting";
}

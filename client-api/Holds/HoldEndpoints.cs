using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Files;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Holds;

/// <summary><c>/api/v1/scopes/{scope}/holds/{path}</c>: legal holds on single files (S22). That of a scope is one of its settings.</summary>
internal sealed class HoldEndpoints(HoldCatalog holds, IGrainFactory grains)
{
    private const string Collection = ApiEndpoints.Root + "/scopes/{scope}/holds";
    private const string Item = Collection + "/{**path}";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", Collection, Rights.Read, ListAsync).Describe(HoldDescriptions.List);
        routes.MapApi("GET", Item, Rights.Read, ShowAsync).Describe(HoldDescriptions.Show);
        routes.MapApi("PUT", Item, Rights.Admin, PutAsync).Describe(HoldDescriptions.Put);
        routes.MapApi("DELETE", Item, Rights.Admin, DeleteAsync).Describe(HoldDescriptions.Delete);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var page = PageRequest.From(call.Query);
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        FilePath after = default;
        if (page.After is { } text && !FilePath.TryParse(text, out after, out var reason))
            return Problem.Invalid("after", reason);
        var found = await holds.ListAsync(call.TenantId, scope.Id, page.After is null ? null : after, page.Limit + 1, call.Aborted);
        var items = found.Take(page.Limit).Select(hold => LegalHolds.View(scope, hold.Path, hold)).ToList();
        return ApiResults.Json(
            new Page<FileHoldView>(items, found.Count > page.Limit ? items[^1].Path : null), AdminJson.Default.FileHoldPage);
    }

    private async Task<IResult> ShowAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        return problem ?? await AnswerAsync(call, target, StatusCodes.Status200OK);
    }

    private async Task<IResult> PutAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        (var body, problem) = await call.ReadBodyAsync(allowEmpty: true);
        if (body is null)
            return problem!;
        var reason = body.Text("reason", maxLength: HoldCatalog.MaxReason);
        if (call.Check(body, out var operation) is { } refused)
            return refused;
        var result = await holds.PutAsync(call.TenantId, target.Scope.Id, target.Path, call.Caller.Name, reason, operation, call.Aborted);
        return AdminAnswers.ToProblem(result)
            ?? await AnswerAsync(call, target, result.Status == AdminStatus.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
            return problem;
        (var target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        var result = await holds.RemoveAsync(call.TenantId, target.Scope.Id, target.Path, operation, call.Aborted);
        if (result.Status == AdminStatus.Done)
        {
            // What only the hold kept goes now.
            await grains.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(call.TenantId)).WakeAsync(call.Aborted);
        }

        return AdminAnswers.Deleted(result);
    }

    private async Task<IResult> AnswerAsync(ApiCall call, FileTarget target, int status)
    {
        var hold = await holds.FindAsync(call.TenantId, target.Scope.Id, target.Path, call.Aborted);
        return ApiResults.Json(LegalHolds.View(target.Scope, target.Path, hold), AdminJson.Default.FileHoldView, status);
    }
}

using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Maintenance;

/// <summary>
/// <c>/api/v1/maintenance/runs</c> and <c>/api/v1/fsck</c>: for operators. A run is a row: what is shown is what was saved
/// with the work itself, whatever dies; pausing takes effect when the step that is under way has ended.
/// </summary>
internal sealed class RunEndpoints(RunCatalog runs, IMaintenancePlanner planner)
{
    /// <summary>Findings that come with a run; the others by pages.</summary>
    public const int FirstFindings = 100;

    private const string Collection = ApiEndpoints.Root + "/maintenance/runs";
    private const string Item = Collection + "/{run}";
    private const string Fsck = ApiEndpoints.Root + "/fsck";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGlobal("POST", Collection, Rights.Operator, StartAsync).Describe(RunDescriptions.Start);
        routes.MapGlobal("GET", Collection, Rights.Operator, ListAsync).Describe(RunDescriptions.List);
        routes.MapGlobal("GET", Item, Rights.Operator, ShowAsync).Describe(RunDescriptions.Show);
        routes.MapGlobal("GET", Item + "/findings", Rights.Operator, FindingsAsync).Describe(RunDescriptions.Findings);
        routes.MapGlobal("POST", Item + "/pause", Rights.Operator, call => ChangeAsync(call, runs.PauseAsync)).Describe(RunDescriptions.Pause);
        routes.MapGlobal("POST", Item + "/resume", Rights.Operator, call => ChangeAsync(call, runs.ResumeAsync)).Describe(RunDescriptions.Resume);
        routes.MapGlobal("POST", Item + "/cancel", Rights.Operator, call => ChangeAsync(call, runs.CancelAsync)).Describe(RunDescriptions.Cancel);
        routes.MapGlobal("POST", Fsck, Rights.Operator, StartFsckAsync).Describe(RunDescriptions.StartFsck);
    }

    private Task<IResult> StartAsync(ApiCall call) => StartAsync(call, (topology, body, scope) =>
    {
        var store = body.Text("store") is { } name ? topology.StoreByName(name) : null;
        if (store is null && body.Has("store") && !body.IsNull("store"))
        {
            body.Error("store", "There is no such store.");
        }

        return new NewRun
        {
            Trigger = RunTrigger.Operator,
            Tenant = scope?.Tenant,
            Scope = scope?.Id,
            Store = store?.Id,
            DryRun = body.Flag("dryRun") ?? false,
            KeepSource = body.Flag("keepSource") ?? false,
            Tasks = RunPlan.Everything(topology, scope?.Id, store?.Id),
        };
    });

    private Task<IResult> StartFsckAsync(ApiCall call) => StartAsync(call, (topology, body, scope) => new NewRun
    {
        Trigger = RunTrigger.Operator,
        Kind = RunKind.Fsck,
        Tenant = scope?.Tenant,
        Scope = scope?.Id,
        Data = body.Flag("data") ?? false,
        Repair = body.Flag("repair") ?? false,
        Tasks = RunPlan.Fsck(topology, scope?.Id),
    });

    private async Task<IResult> StartAsync(ApiCall call, Func<Topology, JsonRequest, ScopeInfo?, NewRun> read)
    {
        var (body, problem) = await call.ReadBodyAsync(allowEmpty: true);
        if (body is null)
        {
            return problem!;
        }

        var topology = await call.RefreshTopologyAsync();
        var (scope, refused) = FindScope(call, topology, body);
        if (refused is not null)
        {
            return refused;
        }

        var run = read(topology, body, scope) with { Actor = call.Caller.Name };
        if (call.Check(body, out var operation) is { } wrong)
        {
            return wrong;
        }

        var created = await runs.CreateAsync(run, operation, call.Aborted);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return denied;
        }

        await planner.WakeRunAsync(created.Id!.Value, call.Aborted);
        return ApiResults.Json(
            new RunStarted(created.Id.Value.ToString()), MaintenanceJson.Default.RunStarted, StatusCodes.Status202Accepted, $"{Collection}/{created.Id}");
    }

    // A scope lies in a tenant, which an operator names with a header where its key has no home.
    private static (ScopeInfo? Scope, Problem? Problem) FindScope(ApiCall call, Topology topology, JsonRequest body)
    {
        if (body.Text("scope") is not { } name)
        {
            return (null, null);
        }

        if (call.Caller.Tenant is not { } tenant)
        {
            return (null, new Problem(ProblemKinds.TenantRequired, "A scope lies in a tenant: name it with X-Granary-Tenant."));
        }

        if (topology.ScopeByName(tenant, name) is not { State: ScopeState.Active } scope)
        {
            body.Error("scope", "There is no such scope.");
            return (null, null);
        }

        return (scope, null);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var page = PageRequest.From(call.Query);
        var before = call.Query.Number("after", 1, long.MaxValue);
        var found = await runs.ListAsync(before, page.Limit + 1, call.Aborted);
        var items = found.Take(page.Limit).Select(run => RunNaming.Summary(call.Topology, run)).ToList();
        return ApiResults.Json(new Page<RunSummary>(items, found.Count > page.Limit ? items[^1].Id : null), MaintenanceJson.Default.RunPage);
    }

    private async Task<IResult> ShowAsync(ApiCall call)
    {
        if (RunId(call) is not { } id || await runs.FindAsync(id, call.Aborted) is not { } details)
        {
            return NoSuchRun();
        }

        var findings = await runs.FindingsAsync(id, 0, FirstFindings, call.Aborted);
        return ApiResults.Json(RunNaming.View(call.Topology, details, findings), MaintenanceJson.Default.RunView);
    }

    private async Task<IResult> FindingsAsync(ApiCall call)
    {
        if (RunId(call) is not { } id || await runs.FindAsync(id, call.Aborted) is null)
        {
            return NoSuchRun();
        }

        var page = PageRequest.From(call.Query);
        var after = call.Query.Number("after", 0, long.MaxValue) ?? 0;
        var found = await runs.FindingsAsync(id, after, page.Limit + 1, call.Aborted);
        var items = found.Take(page.Limit).Select(finding => RunNaming.Finding(call.Topology, finding)).ToList();
        return ApiResults.Json(
            new Page<RunFindingView>(items, found.Count > page.Limit ? items[^1].Number.ToString() : null), MaintenanceJson.Default.RunFindingPage);
    }

    private async Task<IResult> ChangeAsync(ApiCall call, Func<long, CancellationToken, Task<AdminResult>> change)
    {
        if (RunId(call) is not { } id)
        {
            return NoSuchRun();
        }

        if (AdminAnswers.ToProblem(await change(id, call.Aborted)) is { } refused)
        {
            return refused;
        }

        await planner.WakeRunAsync(id, call.Aborted);
        return await ShowAsync(call);
    }

    private static long? RunId(ApiCall call) =>
        long.TryParse(call.Route("run"), System.Globalization.NumberStyles.None, null, out var id) ? id : null;

    private static Problem NoSuchRun() => Problem.NotFound("There is no such run.");
}

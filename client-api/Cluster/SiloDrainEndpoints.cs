using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Cluster;

/// <summary>
/// <c>/api/v1/cluster/silos/{silo}/drain</c>: empties a silo's local stores before it leaves, and takes that back; for
/// operators. The work is a run of maintenance like any other: shown, paused and resumed there.
/// </summary>
internal sealed class SiloDrainEndpoints(SiloDrainCatalog catalog, SiloDrains drains, IMaintenancePlanner planner)
{
    private const string Item = ApiEndpoints.Root + "/cluster/silos/{silo}/drain";

    private static readonly BodySchema s_view = new("SiloDrain", AdminJson.Default.SiloDrainView);

    private static readonly OperationDescription Begin = new("drainSilo", "Operations", "Empties the local stores of a silo, so that it may leave.")
    {
        Text = "From the answer on nothing new is written there. Everything needed moves to other stores of the scopes that use it; the silo may leave when the state is drained. It stays drained, also after a restart, until that is taken back.",
        Answers = [AnswerDescription.Of(202, "The silo is drained; its run works in the background.", s_view)],
        Problems = [ProblemKinds.NoTarget],
    };

    private static readonly OperationDescription Show = new("getSiloDrain", "Operations", "Shows how far the draining of a silo is.")
    {
        Answers = [AnswerDescription.Of(200, "How far it is.", s_view)],
    };

    private static readonly OperationDescription End = new("undrainSilo", "Operations", "Takes the draining of a silo back: its local stores take uploads again.")
    {
        Answers = [new AnswerDescription(204, "The silo is not drained.")],
    };

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGlobal("POST", Item, Rights.Operator, BeginAsync).Describe(Begin);
        routes.MapGlobal("GET", Item, Rights.Operator, ShowAsync).Describe(Show);
        routes.MapGlobal("DELETE", Item, Rights.Operator, EndAsync).Describe(End);
    }

    private async Task<IResult> BeginAsync(ApiCall call)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        var silo = call.Route("silo");
        var begun = await catalog.BeginAsync(silo, call.Caller.Name, operation, call.Aborted);
        if (AdminAnswers.ToProblem(begun.Result) is { } refused)
        {
            return refused;
        }

        await planner.WakeRunAsync(begun.Id!.Value, call.Aborted);
        return await drains.FindAsync(await call.RefreshTopologyAsync(), silo, call.Aborted) is { } view
            ? ApiResults.Json(view, AdminJson.Default.SiloDrainView, StatusCodes.Status202Accepted, Item.Replace("{silo}", silo, StringComparison.Ordinal))
            : new Problem(ProblemKinds.Conflict, "The draining of the silo was taken back meanwhile.");
    }

    private async Task<IResult> ShowAsync(ApiCall call) =>
        await drains.FindAsync(await call.RefreshTopologyAsync(), call.Route("silo"), call.Aborted) is { } view
            ? ApiResults.Json(view, AdminJson.Default.SiloDrainView)
            : Problem.NotFound("There is no such silo that is drained.");

    private async Task<IResult> EndAsync(ApiCall call) =>
        AdminAnswers.ToProblem(await catalog.EndAsync(call.Route("silo"), call.Aborted)) ?? ApiResults.NoContent;
}

using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Builder;

namespace Granary.ClientApi.Changes;

/// <summary>
/// <c>GET /api/v1/scopes/{scope}/changes</c> in pages or as a WebSocket, and <c>/api/v1/changes</c> as a WebSocket for several
/// scopes (http-api, Changes).
/// </summary>
internal sealed class ChangeEndpoints(ChangeHub hub, ChangeLogCatalog log, Authenticator authenticator)
{
    /// <summary>Most changes of a page (S13).</summary>
    public const int MaxLimit = 5000;

    private const int DefaultLimit = 1000;
    private const string OfScope = ApiEndpoints.Root + "/scopes/{scope}/changes";
    private const string OfAll = ApiEndpoints.Root + "/changes";

    /// <summary>Maps the resources.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var access = new ApiAccess(Rights.Read, NeedsTenant: true);
        routes.MapMethods(OfScope, ["GET"], context => AnswerAsync(context, FollowOneAsync, PageAsync)).WithMetadata(access).Describe(ChangeDescriptions.OfScope);
        routes.MapMethods(OfAll, ["GET"], context => AnswerAsync(context, FollowManyAsync, NeedsSocketAsync)).WithMetadata(access).Describe(ChangeDescriptions.OfAll);
    }

    private async Task AnswerAsync(HttpContext context, Func<ApiCall, Task<Problem?>> follow, ApiHandler answer)
    {
        var asked = SocketHandshake.IsAsked(context);
        if (asked)
            TakeToken(context);
        var (call, problem) = await authenticator.AuthenticateAsync(context, Rights.Read, needsTenant: true);
        if (!asked)
        {
            var result = call is null ? problem! : await answer(call);
            await result.ExecuteAsync(context);
            return;
        }

        problem ??= SocketHandshake.Check(context) ?? await follow(call!);
        if (problem is not null)
            await RefuseAsync(context, problem);
    }

    // A browser cannot set headers of a WebSocket's request, so the credential may come in the query. It is taken out of it
    // at once: what is logged or traced of a request later holds no secret.
    private static void TakeToken(HttpContext context)
    {
        var query = new RequestQuery(context);
        if (!query.Has("token"))
            return;
        if (context.Request.Headers.Authorization.Count == 0)
            context.Request.Headers.Authorization = "Bearer " + query.Text("token");
        var kept = context.Request.QueryString.Value![1..].Split('&').Where(static p => p != "token" && !p.StartsWith("token=", StringComparison.Ordinal));
        context.Request.QueryString = new QueryString("?" + string.Join('&', kept));
    }

    // A browser's page sees the code of a close frame, but nothing of a handshake that was refused.
    private static async Task RefuseAsync(HttpContext context, Problem problem)
    {
        if (CloseCode.For(problem.Kind) is not { } code || SocketHandshake.Check(context) is not null)
        {
            await problem.ExecuteAsync(context);
            return;
        }

        var (web, stream) = await SocketHandshake.AcceptAsync(context);
        using (web)
        {
            using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await web.CloseAsync(code, CloseCode.Reason(problem), grace.Token);
            }
            catch (Exception error) when (error is System.Net.WebSockets.WebSocketException or IOException or OperationCanceledException)
            {
                stream.Break(); // It was told; whether it listens is its own affair.
            }
        }
    }

    private async Task<IResult> PageAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        var since = call.Query.Number("since", 0, long.MaxValue);
        var limit = (int)(call.Query.Number("limit", 1, MaxLimit) ?? DefaultLimit);
        var prefix = ReadPrefix(call.Query);
        var page = await log.ReadAsync(scope.Tenant, scope.Id, since ?? 0, since is null ? 1 : limit, call.Aborted);
        if (since is null)
            return ApiResults.Json(new ChangePageView([], page.Head, More: false), ChangesJson.Default.ChangePageView);
        if (ChangeProblems.Of(page) is { } refused)
            return refused;
        var next = page.Items.Count > 0 ? page.Items[^1].Sequence : since.Value;
        var items = page.Items.Where(c => prefix is null || c.Path.Text.StartsWith(prefix, StringComparison.Ordinal) || c.OldPath?.Text.StartsWith(prefix, StringComparison.Ordinal) == true);
        return ApiResults.Json(new ChangePageView([.. items.Select(ChangeView.Of)], next, next < page.Head), ChangesJson.Default.ChangePageView);
    }

    private static Task<IResult> NeedsSocketAsync(ApiCall call) =>
        Task.FromResult<IResult>(new Problem(ProblemKinds.InvalidRequest, "This resource is a WebSocket: ask with Upgrade: websocket."));

    private async Task<Problem?> FollowOneAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem;
        var since = call.Query.Number("since", 0, long.MaxValue);
        var prefix = ReadPrefix(call.Query);
        if (since is { } cursor && ChangeProblems.Of(await log.ReadAsync(scope.Tenant, scope.Id, cursor, 1, call.Aborted)) is { } refused)
            return refused;
        return await RunAsync(call, single: true, async socket =>
        {
            if (await hub.FollowAsync(socket, scope, since, prefix, "connected") is { } late)
                socket.BeginClose(CloseCode.For(late.Kind) ?? System.Net.WebSockets.WebSocketCloseStatus.InternalServerError, CloseCode.Reason(late));
        });
    }

    private Task<Problem?> FollowManyAsync(ApiCall call) => RunAsync(call, single: false, static socket =>
    {
        socket.Send(ServerFrame.Plain("connected"));
        return Task.CompletedTask;
    });

    private async Task<Problem?> RunAsync(ApiCall call, bool single, Func<ChangeSocket, Task> begin)
    {
        if (hub.Admit(call.TenantId) is { } full)
            return full;
        var credential = new SocketCredential(Authenticator.HashOf(call.Http), call.TenantId, call.Caller.Expires);
        var (web, stream) = await SocketHandshake.AcceptAsync(call.Http);
        await hub.RunAsync(slot => new ChangeSocket(web, stream, hub, credential, single) { Slot = slot }, begin);
        return null;
    }

    private static string? ReadPrefix(RequestQuery query)
    {
        var prefix = query.Text("prefix");
        return prefix?.Length > ChangeSubscription.MaxPrefix
            ? throw new BadQueryException("prefix", $"prefix has at most {ChangeSubscription.MaxPrefix} characters.")
            : string.IsNullOrEmpty(prefix) ? null : prefix;
    }
}

using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.ClientApi;

/// <summary>Answers an authenticated request.</summary>
public delegate Task<IResult> ApiHandler(ApiCall call);

/// <summary>Answers a request that needs no credential.</summary>
public delegate Task<IResult> OpenHandler(HttpContext context);

/// <summary>What an endpoint needs; metadata of every mapped route, for the description and for tests.</summary>
/// <param name="Right">The right; <see cref="Rights.None"/> where no credential is needed.</param>
/// <param name="NeedsTenant">Does it lie in a tenant?</param>
public sealed record ApiAccess(Rights Right, bool NeedsTenant);

/// <summary>Maps the resources of the API.</summary>
public static class ApiEndpoints
{
    /// <summary>Prefix of every resource.</summary>
    public const string Root = "/api/v1";

    /// <summary>Maps a method of a resource that lies in a tenant and needs a right there.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="method">HTTP method.</param>
    /// <param name="pattern">Route pattern from the root on, such as <c>/api/v1/scopes/{scope}</c>.</param>
    /// <param name="right">The right that the credential needs.</param>
    /// <param name="handler">Answers.</param>
    public static IEndpointConventionBuilder MapApi(
        this IEndpointRouteBuilder routes, string method, string pattern, Rights right, ApiHandler handler) =>
        Map(routes, method, pattern, new ApiAccess(right, NeedsTenant: true), handler);

    /// <summary>Maps a method of a resource that lies in no tenant: stores, tenants, the cluster.</summary>
    public static IEndpointConventionBuilder MapGlobal(
        this IEndpointRouteBuilder routes, string method, string pattern, Rights right, ApiHandler handler) =>
        Map(routes, method, pattern, new ApiAccess(right, NeedsTenant: false), handler);

    /// <summary>Maps a method of a resource that needs no credential.</summary>
    public static IEndpointConventionBuilder MapOpen(this IEndpointRouteBuilder routes, string method, string pattern, OpenHandler handler)
    {
        return routes.MapMethods(pattern, [method], Answer).WithMetadata(new ApiAccess(Rights.None, NeedsTenant: false));

        async Task Answer(HttpContext context)
        {
            var result = await handler(context);
            await result.ExecuteAsync(context);
        }
    }

    private static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder routes, string method, string pattern, ApiAccess access, ApiHandler handler)
    {
        var authenticator = routes.ServiceProvider.GetRequiredService<Authenticator>();
        return routes.MapMethods(pattern, [method], Answer).WithMetadata(access);

        async Task Answer(HttpContext context)
        {
            var (call, problem) = await authenticator.AuthenticateAsync(context, access.Right, access.NeedsTenant);
            var result = call is null ? problem! : await handler(call);
            await result.ExecuteAsync(context);
        }
    }
}

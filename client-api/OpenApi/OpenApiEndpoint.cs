using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.OpenApi;

/// <summary><c>GET /openapi/v1.json</c>: the description of every endpoint, for people's tools; needs no credential.</summary>
internal sealed class OpenApiEndpoint(ApiDocument document)
{
    /// <summary>Where it is.</summary>
    public const string Address = "/openapi/v1.json";

    private static readonly OperationDescription Description = new("getApiDescription", "Operations", "This document.")
    {
        Answers = [new AnswerDescription(200, "An OpenAPI 3.1 document.") { MediaType = "application/json" }],
    };

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapOpen("GET", Address, AnswerAsync).Describe(Description);

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var bytes = document.Utf8(context.Request.PathBase.Value ?? "");
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        return ApiResults.Written;
    }
}

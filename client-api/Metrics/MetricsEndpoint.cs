using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Metrics;

/// <summary><c>GET /metrics</c>: every instrument of Granary as Prometheus text. Names no tenant, scope or path.</summary>
internal static class MetricsEndpoint
{
    private const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly OperationDescription Description = new("getMetrics", "Operations", "Every instrument as Prometheus text.")
    {
        Answers = [new AnswerDescription(200, "The text.") { MediaType = "text/plain" }],
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var collector = routes.ServiceProvider.GetRequiredService<MetricsCollector>();
        routes.MapOpen("GET", "/metrics", async context =>
        {
            var bytes = Encoding.UTF8.GetBytes(collector.Write());
            context.Response.ContentType = MediaType;
            context.Response.ContentLength = bytes.Length;
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
            return ApiResults.Written;
        }).WithName("metrics").Describe(Description);
    }
}

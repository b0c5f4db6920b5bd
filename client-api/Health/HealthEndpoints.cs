using System.Buffers;
using System.Text.Json;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Health;

/// <summary>
/// <c>/api/v1/health</c> (alive, looks at nothing), <c>/ready</c> (503 with a map of what fails), and <c>/health/full</c> for
/// operators (writes and reads back through the catalog and every store) (S19, O14, A1).
/// </summary>
internal sealed class HealthEndpoints(HealthChecks checks, FullHealthCheck full)
{
    /// <summary>Maps the resources.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOpen("GET", ApiEndpoints.Root + "/health", _ => Task.FromResult<IResult>(new Report("alive", Nothing))).Describe(HealthDescriptions.Alive);
        routes.MapOpen("GET", ApiEndpoints.Root + "/ready", ReadyAsync).Describe(HealthDescriptions.Ready);
        routes.MapGlobal("GET", ApiEndpoints.Root + "/health/full", Rights.Operator, FullAsync).Describe(HealthDescriptions.Full);
    }

    private static IReadOnlyDictionary<string, string> Nothing { get; } = new Dictionary<string, string>();

    private async Task<IResult> ReadyAsync(HttpContext context)
    {
        var failures = await checks.FindFailuresAsync(context.RequestAborted);
        return new Report(failures.Count == 0 ? "ready" : "not-ready", failures);
    }

    private async Task<IResult> FullAsync(ApiCall call)
    {
        var failures = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, failure) in await checks.FindFailuresAsync(call.Aborted))
        {
            failures[name] = failure;
        }

        foreach (var (name, failure) in await full.FindFailuresAsync(call.Aborted))
        {
            failures[name] = failure;
        }

        return new Report(failures.Count == 0 ? "healthy" : "unhealthy", failures);
    }

    /// <summary>200, or 503 when something fails: <c>{"status": ..., "failures": {dependency: sentence}}</c>.</summary>
    private sealed class Report(string status, IReadOnlyDictionary<string, string> failures) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("status"u8, status);
                json.WriteStartObject("failures"u8);
                foreach (var (name, failure) in failures)
                {
                    json.WriteString(name, failure);
                }

                json.WriteEndObject();
                json.WriteEndObject();
            }

            var response = httpContext.Response;
            response.StatusCode = failures.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            response.ContentType = "application/json";
            response.ContentLength = buffer.WrittenCount;
            response.Headers.CacheControl = "no-store";
            return response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted).AsTask();
        }
    }
}

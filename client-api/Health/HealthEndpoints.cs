using System.Buffers;
using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.FileStores;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Health;

/// <summary>
/// <c>/api/v1/health</c> (alive, looks at nothing), <c>/ready</c> (503 with a map of what fails), and <c>/health/full</c> for
/// operators (writes and reads back through the catalog and every store) (S19, O14, A1).
/// </summary>
internal sealed class HealthEndpoints(HealthChecks checks, FullHealthCheck full, StoreCapacity capacity)
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

        return new Report(failures.Count == 0 ? "healthy" : "unhealthy", failures, await WarningsAsync(call));
    }

    // What is not wrong yet.
    private async Task<IReadOnlyDictionary<string, string>> WarningsAsync(ApiCall call)
    {
        var warnings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var store in (await call.RefreshTopologyAsync()).Stores.Where(static store => store.State == StoreState.Active))
        {
            if ((await capacity.ViewAsync(store, call.Aborted)).Warning is { } warning)
            {
                warnings[$"store/{store.Name}"] = warning;
            }
        }

        return warnings;
    }

    /// <summary>
    /// 200, or 503 when something fails: <c>{"status": ..., "failures": {dependency: sentence}, "warnings": {...}}</c>.
    /// </summary>
    private sealed class Report(string status, IReadOnlyDictionary<string, string> failures, IReadOnlyDictionary<string, string>? warnings = null) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("status"u8, status);
                Write(json, "failures", failures);
                if (warnings is not null)
                {
                    Write(json, "warnings", warnings);
                }

                json.WriteEndObject();
            }

            var response = httpContext.Response;
            response.StatusCode = failures.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            response.ContentType = "application/json";
            response.ContentLength = buffer.WrittenCount;
            response.Headers.CacheControl = "no-store";
            return response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted).AsTask();
        }

        private static void Write(Utf8JsonWriter json, string group, IReadOnlyDictionary<string, string> sentences)
        {
            json.WriteStartObject(group);
            foreach (var (name, sentence) in sentences)
            {
                json.WriteString(name, sentence);
            }

            json.WriteEndObject();
        }
    }
}

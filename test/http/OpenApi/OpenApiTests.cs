using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Granary.ClientApi;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.Http.Tests.Administration;
using Microsoft.AspNetCore.Routing;

namespace Granary.Http.Tests.OpenApi;

/// <summary>The API's description against the endpoints and their real answers.</summary>
[Collection("administration")]
public sealed class OpenApiTests(AdminWorld world)
{
    private static readonly string[] s_methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    private IEnumerable<(string Method, RouteEndpoint Endpoint)> Mapped =>
        world.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(
            e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods, (e, method) => (method, e));

    [Fact]
    public async Task The_document_names_every_mapped_endpoint_and_no_other()
    {
        var document = await DocumentAsync();
        var described = Operations(document).Select(o => $"{o.Method} {o.Path}").Order(StringComparer.Ordinal);
        var mapped = Mapped.Select(m => $"{m.Method.ToLowerInvariant()} {m.Endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal)}").Order(StringComparer.Ordinal);
        Assert.Equal(mapped, described);
    }

    [Fact]
    public void Every_endpoint_is_described()
    {
        foreach (var (method, endpoint) in Mapped)
        {
            var description = endpoint.Metadata.GetMetadata<OperationDescription>();
            Assert.True(description is not null, $"{method} {endpoint.RoutePattern.RawText} has no description: call Describe where it is mapped.");
            Assert.EndsWith(".", description.Summary);
            Assert.NotEmpty(description.Answers);
        }
    }

    [Fact]
    public async Task The_document_is_well_formed_openapi_3_1()
    {
        var document = await DocumentAsync();
        Assert.Equal("3.1.0", (string?)document["openapi"]);
        Assert.Equal("Granary", (string?)document["info"]!["title"]);
        Assert.False(string.IsNullOrEmpty((string?)document["info"]!["version"]));
        Assert.Equal("bearer", (string?)document["components"]!["securitySchemes"]!["bearer"]!["scheme"]);

        var ids = Operations(document).Select(o => (string)o.Operation["operationId"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[a-z][A-Za-z]+$", id));
        foreach (var (path, method, operation) in Operations(document))
            CheckOperation(path, method, operation);
        foreach (var reference in Everything(document).OfType<JsonObject>().Select(o => (string?)o["$ref"]).OfType<string>())
            Assert.NotNull(Resolve(document, reference));
    }

    [Fact]
    public async Task Each_operation_states_the_right_it_needs()
    {
        var document = await DocumentAsync();
        foreach (var (method, endpoint) in Mapped)
        {
            var operation = document["paths"]![endpoint.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal)]![method.ToLowerInvariant()]!;
            var access = endpoint.Metadata.GetMetadata<ApiAccess>()!;
            if (access.Right == Rights.None)
                Assert.Empty(operation["security"]!.AsArray());
            else
                Assert.Equal(RightsText.Name(access.Right), (string?)operation["x-granary-right"]);
        }
    }

    [Fact]
    public async Task Every_code_of_a_refusal_is_in_the_document()
    {
        var codes = (await DocumentAsync())["components"]!["schemas"]!["Problem"]!["properties"]!["code"]!["enum"]!.AsArray();
        Assert.Equal(ProblemKinds.All.Select(k => k.Code), codes.Select(c => (string)c!));
    }

    [Fact]
    public async Task Real_answers_have_the_form_that_the_document_says()
    {
        var document = await DocumentAsync();
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "a/b");
        var file = $"/api/v1/scopes/{scope}/files/a/b";
        var key = world.NewName("key");
        (string Id, string Method, string Target, string? Body)[] asked =
        [
            ("listTenants", "GET", "/api/v1/tenants", null), ("getTenant", "GET", "/api/v1/tenants/default", null),
            ("createTenant", "POST", "/api/v1/tenants", $$"""{"name": "{{world.NewName("tenant")}}"}"""),
            ("changeTenant", "PATCH", "/api/v1/tenants/default", "{}"),
            ("listScopes", "GET", "/api/v1/scopes", null), ("getScope", "GET", $"/api/v1/scopes/{scope}", null),
            ("createScope", "POST", "/api/v1/scopes", $$"""{"name": "{{world.NewName("scope")}}"}"""),
            ("changeAttachedStore", "PATCH", $"/api/v1/scopes/{scope}/stores/local", "{}"),
            ("listFileStores", "GET", "/api/v1/file-stores", null), ("getFileStore", "GET", "/api/v1/file-stores/local", null),
            ("createApiKey", "POST", "/api/v1/api-keys", $$"""{"name": "{{key}}", "rights": ["read"]}"""),
            ("listApiKeys", "GET", "/api/v1/api-keys", null), ("getCluster", "GET", "/api/v1/cluster", null),
            ("startMaintenance", "POST", "/api/v1/maintenance/runs", "{}"), ("listMaintenanceRuns", "GET", "/api/v1/maintenance/runs", null),
            ("getMaintenanceRun", "GET", "/api/v1/maintenance/runs/1", null), ("listMaintenanceFindings", "GET", "/api/v1/maintenance/runs/1/findings", null),
            ("getMaintenanceSettings", "GET", "/api/v1/maintenance/settings", null), ("changeMaintenanceSettings", "PATCH", "/api/v1/maintenance/settings", "{}"),
            ("startFsck", "POST", "/api/v1/fsck", "{}"),
            ("getHealth", "GET", "/api/v1/health", null), ("getReadiness", "GET", "/api/v1/ready", null),
            ("putFile", "PUT", file, "content"), ("listFiles", "GET", $"/api/v1/scopes/{scope}/files", null),
            ("copyFile", "POST", $"/api/v1/scopes/{scope}/files:copy", """{"from": "a/b", "to": "c"}"""),
            ("getScope", "GET", "/api/v1/scopes/no-such-scope", null), ("createTenant", "POST", "/api/v1/tenants", "{}"),
        ];
        foreach (var (id, method, target, body) in asked)
        {
            var answer = await world.SendAsync(method, target, body);
            var operation = Operations(document).Single(o => (string?)o.Operation["operationId"] == id).Operation;
            var response = operation["responses"]![$"{answer.Status}"];
            Assert.True(response is not null, $"{method} {target} answered {answer.Status}, which {id} does not name.");
            var schema = response["content"]![answer.Response.Content.Headers.ContentType!.MediaType!]!["schema"]!;
            CheckValue(document, schema, answer.Json, id);
        }

        foreach (var (query, name) in new[] { ("versions", "VersionPage"), ("manifest", "ManifestPage"), ("explain", "ExplanationPage") })
            CheckValue(document, document["components"]!["schemas"]![name]!, (await world.GetAsync($"{file}?{query}")).Is(200).Json, name);
    }

    private static void CheckOperation(string path, string method, JsonObject operation)
    {
        var label = $"{method} {path}";
        var parameters = operation["parameters"]?.AsArray() ?? [];
        var inPath = parameters.Where(p => (string?)p!["in"] == "path").Select(p => (string)p!["name"]!);
        Assert.Equal(Regex.Matches(path, "{([^}]*)}").Select(m => m.Groups[1].Value), inPath);
        Assert.All(parameters, p => Assert.NotNull(p!["schema"]));
        Assert.Equal(parameters.Count, parameters.Select(p => $"{p!["in"]} {p["name"]}").Distinct().Count());
        foreach (var (status, response) in operation["responses"]!.AsObject())
        {
            Assert.Matches("^([1-5][0-9][0-9]|default)$", status);
            Assert.False(string.IsNullOrEmpty((string?)response!["description"]), $"{label} {status}");
        }

        Assert.Contains(operation["responses"]!.AsObject(), r => r.Key[0] is '2' || r.Key == "101");
        Assert.Equal(method is "post" or "put" or "patch" or "delete", parameters.Any(p => (string?)p!["name"] == "Idempotency-Key"));
    }

    /// <summary>Checks types, required members, words of a list, and that no member comes that the document does not name.</summary>
    private static void CheckValue(JsonNode document, JsonNode schema, JsonNode? value, string place)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            CheckValue(document, Resolve(document, reference)!, value, place);
            return;
        }

        foreach (var part in schema["allOf"]?.AsArray() ?? [])
            CheckValue(document, part!, value, place);
        if (schema["type"] is { } type)
        {
            var allowed = type is JsonArray several ? several.Select(t => (string)t!) : [(string)type!];
            Assert.True(allowed.Contains(TypeOf(value)), $"{place} is {TypeOf(value)}, the document says {type.ToJsonString()}");
        }

        if (schema["enum"] is JsonArray words)
            Assert.Contains((string?)value, words.Select(w => (string?)w));
        foreach (var name in schema["required"]?.AsArray() ?? [])
            Assert.True(value is null || value.AsObject().ContainsKey((string)name!), $"{place} has no {name}");
        if (value is JsonArray items && schema["items"] is { } item)
        {
            foreach (var one in items)
                CheckValue(document, item, one, $"{place}[]");
        }

        if (value is JsonObject members && schema["properties"] is JsonObject properties && schema["allOf"] is null && place.Length > 0)
        {
            foreach (var (name, member) in members)
            {
                if (properties[name] is { } known)
                    CheckValue(document, known, member, $"{place}.{name}");
                else
                    Assert.True(schema["required"] is null || (bool?)schema["additionalProperties"] == true, $"{place}.{name} is not in the document");
            }
        }
    }

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or System.Text.Json.JsonValueKind.Null => "null",
        System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "boolean",
        System.Text.Json.JsonValueKind.Number => "integer",
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Array => "array",
        _ => "object",
    };

    private async Task<JsonNode> DocumentAsync()
    {
        var answer = (await world.GetAsync("/openapi/v1.json", key: "")).Is(200);
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType!.MediaType);
        return answer.Json;
    }

    private static IEnumerable<(string Path, string Method, JsonObject Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where s_methods.Contains(operation.Key)
        select (path.Key, operation.Key, operation.Value!.AsObject());

    private static JsonNode? Resolve(JsonNode document, string reference)
    {
        Assert.StartsWith("#/", reference);
        return reference[2..].Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]);
    }

    private static IEnumerable<JsonNode> Everything(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(m => Everything(m.Value)).Prepend(members),
        JsonArray items => items.SelectMany(Everything).Prepend(items),
        null => [],
        _ => [node],
    };
}

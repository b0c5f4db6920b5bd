using System.Text.Json;
using System.Text.Json.Nodes;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.ClientApi.OpenApi;

/// <summary>
/// The API's description as an OpenAPI 3.1 document, made from the endpoints that are mapped, so that it cannot name others.
/// Made at the first request and kept.
/// </summary>
internal sealed class ApiDocument(IServiceProvider services, ISiloContext silo)
{
    private const string Version = "3.1.0";
    private const string BearerScheme = "bearer";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private volatile Made? _made;

    /// <summary>The document as JSON text.</summary>
    /// <param name="pathBase">The prefix under which a proxy shows the API; empty: none.</param>
    public ReadOnlyMemory<byte> Utf8(string pathBase)
    {
        if (_made is { } made && made.PathBase == pathBase)
            return made.Utf8;
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(Make(pathBase), Json);
        _made = new Made(pathBase, utf8);
        return utf8;
    }

    private JsonObject Make(string pathBase)
    {
        var schemas = new SchemaTable();
        var paths = new JsonObject();
        var groups = new SortedSet<string>(StringComparer.Ordinal);
        var endpoints = services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        foreach (var operation in endpoints.SelectMany(DescribedEndpoint.Of).OrderBy(o => o.Path, StringComparer.Ordinal).ThenBy(o => o.Method, StringComparer.Ordinal))
        {
            if (paths[operation.Path] is not JsonObject methods)
                paths[operation.Path] = methods = [];
            methods[operation.Method] = OperationWriter.Write(operation, schemas);
            groups.Add(operation.Description.Group);
        }

        return new JsonObject
        {
            ["openapi"] = Version,
            ["info"] = Info(),
            ["servers"] = new JsonArray(new JsonObject { ["url"] = pathBase.Length == 0 ? "/" : pathBase }),
            ["tags"] = new JsonArray([.. groups.Select(group => (JsonNode)new JsonObject { ["name"] = group })]),
            ["security"] = new JsonArray(new JsonObject { [BearerScheme] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.ToJson(),
                ["securitySchemes"] = new JsonObject { [BearerScheme] = Bearer() },
            },
        };
    }

    private JsonObject Info() => new()
    {
        ["title"] = "Granary",
        ["version"] = silo.Version,
        ["description"] =
            "Files in scopes over prioritised stores. Lists are pages: after and limit, next in the answer. In PATCH an absent "
            + "member stays and null unsets. Refusals are application/problem+json with a stable code. A path is percent-decoded "
            + "once; dot segments, empty segments, NUL, invalid UTF-8 and more than 1024 bytes are refused on every address.",
    };

    private static JsonObject Bearer() => new()
    {
        ["type"] = "http",
        ["scheme"] = "bearer",
        ["description"] = "An API key. Its tenant is where the request acts; an operator names another one in X-Granary-Tenant.",
    };

    private sealed record Made(string PathBase, ReadOnlyMemory<byte> Utf8);
}

/// <summary>Schemas of the document that have a name.</summary>
internal sealed class SchemaTable
{
    private readonly SortedDictionary<string, JsonObject> _schemas = new(StringComparer.Ordinal) { ["Problem"] = ProblemSchema.Make() };

    /// <summary>A reference to a named schema, which is taken in.</summary>
    public JsonObject Reference(BodySchema body)
    {
        if (!_schemas.ContainsKey(body.Name))
            _schemas[body.Name] = body.Contract is null ? (JsonObject)body.Schema!.DeepClone() : ContractSchemas.Export(body.Contract);
        return Reference(body.Name);
    }

    /// <summary>A reference to a schema that is here.</summary>
    public static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    /// <summary>All, by name.</summary>
    public JsonObject ToJson() => new(_schemas.Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)schema.Value)));
}

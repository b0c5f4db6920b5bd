using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Granary.ClientApi.Scopes;

namespace Granary.ClientApi.OpenApi;

/// <summary>Schemas of answers, exported from the contracts that write them.</summary>
internal static class ContractSchemas
{
    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };

    /// <summary>The schema of what a contract writes.</summary>
    public static JsonObject Export(JsonTypeInfo contract) => contract.GetJsonSchemaAsNode(Options).AsObject();

    private static JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (type == typeof(DateTimeOffset))
            return Fields.Time(nullable: type != context.TypeInfo.Type);
        if (type == typeof(JsonElement))
            return new JsonObject { ["type"] = "object" };
        if (type == typeof(object) && context.PropertyInfo is { Name: "drain" } property && property.DeclaringType == typeof(PolicyView))
            return new JsonObject { ["type"] = new JsonArray("boolean", "string") };
        if (context.TypeInfo.Kind == JsonTypeInfoKind.Object && schema is JsonObject exported)
            exported["required"] = new JsonArray([.. context.TypeInfo.Properties.Where(IsAlwaysWritten).Select(p => (JsonNode)p.Name)]);
        return schema;
    }

    /// <summary>A member is left out only where its contract says so, and only when it is null.</summary>
    private static bool IsAlwaysWritten(JsonPropertyInfo property)
    {
        var attribute = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true).OfType<JsonIgnoreAttribute>().FirstOrDefault();
        var condition = attribute?.Condition ?? property.Options.DefaultIgnoreCondition;
        var nullable = !property.PropertyType.IsValueType || Nullable.GetUnderlyingType(property.PropertyType) is not null;
        return !(condition == JsonIgnoreCondition.WhenWritingNull && nullable && property.IsGetNullable);
    }
}

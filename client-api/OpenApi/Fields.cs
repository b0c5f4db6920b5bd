using System.Text.Json.Nodes;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.OpenApi;

/// <summary>JSON Schemas of what clients send. Each call makes nodes of its own, because a node has one parent.</summary>
internal static class Fields
{
    /// <summary>An object without members that are not named here, as <see cref="JsonRequest"/> reads it.</summary>
    public static JsonObject Object(params ReadOnlySpan<Field> fields)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var field in fields)
        {
            properties[field.Name] = field.Schema;
            if (field.Required)
                required.Add(field.Name);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
            schema["required"] = required;
        schema["additionalProperties"] = false;
        return schema;
    }

    /// <summary>A string.</summary>
    public static JsonObject Text(string? description = null, int? maxLength = null, bool nullable = false)
    {
        var schema = Typed("string", nullable, description);
        if (maxLength is not null)
            schema["maxLength"] = maxLength;
        return schema;
    }

    /// <summary>A name of a tenant, scope or store.</summary>
    public static JsonObject Name(string? description = null)
    {
        var schema = Typed("string", nullable: false, description);
        schema["pattern"] = "^[a-z0-9][a-z0-9-]{0,62}$";
        return schema;
    }

    /// <summary>The path of a file in a JSON body.</summary>
    public static JsonObject Path(string description) => Text(description, maxLength: 1024);

    /// <summary>One of some words.</summary>
    public static JsonObject OneOf(params ReadOnlySpan<string> words)
    {
        var list = new JsonArray();
        foreach (var word in words)
            list.Add(word);
        return new JsonObject { ["type"] = "string", ["enum"] = list };
    }

    /// <summary>A whole number.</summary>
    public static JsonObject Whole(long? min = null, long? max = null, string? description = null, bool nullable = false)
    {
        var schema = Typed("integer", nullable, description);
        schema["format"] = max is <= int.MaxValue ? "int32" : "int64";
        if (min is not null)
            schema["minimum"] = min;
        if (max is not null)
            schema["maximum"] = max;
        return schema;
    }

    /// <summary>True or false.</summary>
    public static JsonObject Flag(string? description = null) => Typed("boolean", nullable: false, description);

    /// <summary>A time with an offset.</summary>
    public static JsonObject Time(string? description = null, bool nullable = false)
    {
        var schema = Typed("string", nullable, description);
        schema["format"] = "date-time";
        return schema;
    }

    /// <summary>A list.</summary>
    public static JsonObject List(JsonObject items, string? description = null, bool nullable = false)
    {
        var schema = Typed("array", nullable, description);
        schema["items"] = items;
        return schema;
    }

    /// <summary>An object whose members are all of one form.</summary>
    public static JsonObject Map(JsonObject values) => new() { ["type"] = "object", ["additionalProperties"] = values };

    private static JsonObject Typed(string type, bool nullable, string? description)
    {
        var schema = new JsonObject { ["type"] = nullable ? new JsonArray(type, "null") : type };
        if (description is not null)
            schema["description"] = description;
        return schema;
    }
}

/// <summary>A member of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">Its form.</param>
/// <param name="Required">Must it be there?</param>
internal readonly record struct Field(string Name, JsonObject Schema, bool Required = false);

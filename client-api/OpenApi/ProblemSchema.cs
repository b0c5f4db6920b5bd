using System.Text.Json.Nodes;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.OpenApi;

/// <summary>The form of refusals (RFC 9457) and of the answers that carry them.</summary>
internal static class ProblemSchema
{
    /// <summary>The schema of every refusal.</summary>
    public static JsonObject Make()
    {
        var schema = Fields.Object(
            new Field("type", Fields.Text(), Required: true),
            new Field("title", Fields.Text("A summary that does not change from occurrence to occurrence."), Required: true),
            new Field("status", Fields.Whole(400, 599), Required: true),
            new Field("code", Fields.OneOf([.. ProblemKinds.All.Select(kind => kind.Code)]), Required: true),
            new Field("detail", Fields.Text("One sentence for people."), Required: true),
            new Field("field", Fields.Text("The member, header or parameter that is against a rule.")),
            new Field("limit", Fields.Whole(description: "The limit that was hit.")),
            new Field("errors", Fields.List(Fields.Object(new Field("field", Fields.Text(), Required: true), new Field("detail", Fields.Text(), Required: true)))));
        schema["additionalProperties"] = true; // members of a code of its own, such as used or fault
        return schema;
    }

    /// <summary>The answer of one status with the codes it may carry.</summary>
    public static JsonObject Answer(IReadOnlyCollection<ProblemKind> kinds)
    {
        var codes = kinds.Select(kind => kind.Code).ToArray();
        var answer = Body(string.Join(", ", codes), new JsonObject
        {
            ["allOf"] = new JsonArray(
                SchemaTable.Reference("Problem"),
                new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["code"] = Fields.OneOf(codes) } }),
        });
        if (kinds.Any(kind => kind.Status is 429 or 503))
            answer["headers"] = new JsonObject { ["Retry-After"] = Header("Seconds after which a repeat makes sense.") };
        return answer;
    }

    /// <summary>The answer to what the server itself refuses, whatever the operation.</summary>
    public static JsonObject Any() => Body("Any other refusal.", SchemaTable.Reference("Problem"));

    /// <summary>A header of an answer.</summary>
    public static JsonObject Header(string text) => new() { ["description"] = text, ["schema"] = Fields.Text() };

    private static JsonObject Body(string text, JsonObject schema) => new()
    {
        ["description"] = text,
        ["content"] = new JsonObject { [Problem.MediaType] = new JsonObject { ["schema"] = schema } },
    };
}

using System.Globalization;
using System.Text.Json.Nodes;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.OpenApi;

/// <summary>
/// Writes one operation of the document: what its description says, and what follows from its route, the credential it needs
/// and its body.
/// </summary>
internal static class OperationWriter
{
    /// <summary>The extension that names the right that an operation needs.</summary>
    public const string RightMember = "x-granary-right";

    /// <summary>Writes it.</summary>
    public static JsonObject Write(DescribedEndpoint endpoint, SchemaTable schemas)
    {
        var description = endpoint.Description;
        var operation = new JsonObject
        {
            ["operationId"] = description.Id,
            ["tags"] = new JsonArray(description.Group),
            ["summary"] = description.Summary,
        };
        if (description.Text is { } text)
            operation["description"] = text;
        if (Parameters(endpoint) is { Count: > 0 } parameters)
            operation["parameters"] = parameters;
        if (description.Body is { } body)
            operation["requestBody"] = new JsonObject { ["required"] = body.Required, ["content"] = Content(body.MediaType, body.Schema?.DeepClone()) };
        operation["responses"] = Responses(endpoint, schemas);
        if (endpoint.Access.Right == Rights.None)
            operation["security"] = new JsonArray();
        else
            operation[RightMember] = RightsText.Name(endpoint.Access.Right);
        return operation;
    }

    private static JsonArray Parameters(DescribedEndpoint endpoint)
    {
        var list = new JsonArray();
        foreach (var name in endpoint.RouteParameters)
            list.Add(Parameter(name, "path", RouteText(name), name == "path" ? Fields.Text(maxLength: 1024) : Fields.Text(), required: true));
        foreach (var parameter in endpoint.Description.Parameters)
            list.Add(Parameter(parameter.Name, parameter.Place, parameter.Text, parameter.Schema.DeepClone()));
        if (endpoint.Access.NeedsTenant)
            list.Add(Parameter(Authenticator.TenantHeader, "header", "The tenant to act in; only an operator names another than its own.", Fields.Name()));
        if (endpoint.IsWrite)
            list.Add(Parameter(OperationKeys.Header, "header", "The same key gives the same answer, also after a time-out.", Fields.Text(maxLength: OperationKeys.MaxLength)));
        return list;
    }

    private static JsonObject Parameter(string name, string place, string text, JsonNode schema, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = text };
        if (required)
            parameter["required"] = true;
        parameter["schema"] = schema;
        return parameter;
    }

    private static string RouteText(string name) => name switch
    {
        "path" => "The file's path, 1 to 1024 bytes of UTF-8; may hold slashes, raw or as %2F.",
        "id" => "The id.",
        _ => $"The name of the {name}.",
    };

    private static JsonObject Responses(DescribedEndpoint endpoint, SchemaTable schemas)
    {
        var responses = new JsonObject();
        foreach (var answer in endpoint.Description.Answers.OrderBy(a => a.Status))
            responses[Text(answer.Status)] = Answer(answer, schemas);
        foreach (var kinds in Problems(endpoint).Distinct().GroupBy(kind => kind.Status).OrderBy(group => group.Key))
        {
            // Where a status is also an answer of its own, as 503 of the checks, that one is described.
            if (!responses.ContainsKey(Text(kinds.Key)))
                responses[Text(kinds.Key)] = ProblemSchema.Answer([.. kinds]);
        }

        responses["default"] = ProblemSchema.Any();
        return responses;
    }

    private static IEnumerable<ProblemKind> Problems(DescribedEndpoint endpoint)
    {
        yield return ProblemKinds.InvalidPath;
        yield return ProblemKinds.Internal;
        if (endpoint.Access.Right != Rights.None)
        {
            foreach (var kind in (ProblemKind[])[ProblemKinds.Unauthenticated, ProblemKinds.Forbidden, ProblemKinds.NotFound, ProblemKinds.Unavailable, ProblemKinds.Busy])
                yield return kind;
        }

        if (endpoint.Access.NeedsTenant)
        {
            yield return ProblemKinds.TenantRequired;
            yield return ProblemKinds.RateLimited;
        }

        if (endpoint.IsWrite || endpoint.Description.Parameters.Count > 0)
            yield return ProblemKinds.InvalidRequest;
        if (endpoint.IsWrite)
            yield return ProblemKinds.Conflict;
        if (endpoint.Description.Body is { Schema: not null })
        {
            yield return ProblemKinds.BodyTooLarge;
            yield return ProblemKinds.UnsupportedMediaType;
        }

        foreach (var kind in endpoint.Description.Problems)
            yield return kind;
    }

    private static JsonObject Answer(AnswerDescription answer, SchemaTable schemas)
    {
        var response = new JsonObject { ["description"] = answer.Text };
        if (answer.Headers.Count > 0)
            response["headers"] = new JsonObject(answer.Headers.Select(h => KeyValuePair.Create(h.Name, (JsonNode?)ProblemSchema.Header(h.Text))));
        var content = new JsonObject();
        if (answer.MediaType is { } mediaType)
            content[mediaType] = new JsonObject();
        if (answer.Json.Count > 0)
        {
            var forms = answer.Json.Select(schemas.Reference).ToArray();
            content["application/json"] = new JsonObject { ["schema"] = forms.Length == 1 ? forms[0] : new JsonObject { ["oneOf"] = new JsonArray(forms) } };
        }

        if (content.Count > 0)
            response["content"] = content;
        return response;
    }

    private static JsonObject Content(string mediaType, JsonNode? schema) =>
        new() { [mediaType] = schema is null ? new JsonObject() : new JsonObject { ["schema"] = schema } };

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);
}

using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Builder;

namespace Granary.ClientApi.OpenApi;

/// <summary>
/// What a person wants to know of one method of one resource; metadata of its endpoint. What follows from the route and from
/// <see cref="ApiAccess"/> (parameters of the route, credentials, the refusals that go with them) is not repeated here.
/// </summary>
/// <param name="Id">Unique name of the operation, as generated clients call it.</param>
/// <param name="Group">The heading it stands under.</param>
/// <param name="Summary">One line.</param>
internal sealed record OperationDescription(string Id, string Group, string Summary)
{
    /// <summary>More than one line; null where the summary says all.</summary>
    public string? Text { get; init; }

    /// <summary>Parameters of the query and headers, beside those that every write takes.</summary>
    public IReadOnlyList<ParameterDescription> Parameters { get; init; } = [];

    /// <summary>What is sent; null: nothing.</summary>
    public BodyDescription? Body { get; init; }

    /// <summary>Answers that are no refusals.</summary>
    public IReadOnlyList<AnswerDescription> Answers { get; init; } = [];

    /// <summary>Refusals beside those that follow from the route, the credential and the body.</summary>
    public IReadOnlyList<ProblemKind> Problems { get; init; } = [];
}

/// <summary>A parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Place"><c>query</c> or <c>header</c>.</param>
/// <param name="Text">What it does.</param>
/// <param name="Schema">Its form.</param>
internal sealed record ParameterDescription(string Name, string Place, string Text, JsonObject Schema)
{
    /// <summary>A parameter of the query.</summary>
    public static ParameterDescription Query(string name, string text, JsonObject schema) => new(name, "query", text, schema);

    /// <summary>A request header.</summary>
    public static ParameterDescription Header(string name, string text) => new(name, "header", text, Fields.Text());

    /// <summary>The two parameters of every list.</summary>
    public static IReadOnlyList<ParameterDescription> Page { get; } =
    [
        Query("after", "Items after this one: next of the page before.", Fields.Text()),
        Query("limit", "At most so many items.", Fields.Whole(1, PageRequest.MaxLimit)),
    ];
}

/// <summary>A request body.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Schema">Its form; null for bytes.</param>
/// <param name="Required">Must it be there?</param>
internal sealed record BodyDescription(string MediaType, JsonObject? Schema, bool Required = true)
{
    /// <summary>A JSON object.</summary>
    public static BodyDescription Json(JsonObject schema, bool required = true) => new("application/json", schema, required);
}

/// <summary>An answer that is no refusal.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Text">When it is given.</param>
internal sealed record AnswerDescription(int Status, string Text)
{
    /// <summary>Forms of a JSON body; more than one where the query chooses.</summary>
    public IReadOnlyList<BodySchema> Json { get; init; } = [];

    /// <summary>Media type of a body that is not JSON; null: none.</summary>
    public string? MediaType { get; init; }

    /// <summary>Headers of note with what they say.</summary>
    public IReadOnlyList<(string Name, string Text)> Headers { get; init; } = [];

    /// <summary>An answer with a JSON body.</summary>
    public static AnswerDescription Of(int status, string text, params BodySchema[] json) => new(status, text) { Json = json };
}

/// <summary>The form of a body under a name in the document: that of its source-generated contract, or one written by hand.</summary>
internal sealed record BodySchema(string Name, JsonTypeInfo? Contract, JsonObject? Schema = null);

/// <summary>Puts descriptions on endpoints.</summary>
internal static class OperationDescriptionExtensions
{
    /// <summary>Says what the endpoint does, for the API's description.</summary>
    public static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder endpoint, OperationDescription description) =>
        endpoint.WithMetadata(description);
}

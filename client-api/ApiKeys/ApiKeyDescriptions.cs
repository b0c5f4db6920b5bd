using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.ApiKeys;

/// <summary>What the API's description says of keys.</summary>
internal static class ApiKeyDescriptions
{
    private const string Group = "API keys";

    public static OperationDescription List { get; } = new("listApiKeys", Group, "Lists the tenant's keys by id, without their secrets.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("ApiKeyPage", AdminJson.Default.ApiKeyPage))],
    };

    public static OperationDescription Create { get; } = new("createApiKey", Group, "Makes a key; the answer shows its secret this once.")
    {
        Body = BodyDescription.Json(Fields.Object(Members(required: true))),
        Answers = [AnswerDescription.Of(201, "The key; secret is null when the request was a repeat.", new BodySchema("ApiKeyCreated", AdminJson.Default.ApiKeyCreatedView))],
    };

    public static OperationDescription Change { get; } = new("changeApiKey", Group, "Changes the name, rights, scopes or end of a key; its secret stays.")
    {
        Body = BodyDescription.Json(Fields.Object(Members(required: false))),
        Answers = [AnswerDescription.Of(200, "The key as it is now.", new BodySchema("ApiKey", AdminJson.Default.ApiKeyView))],
    };

    public static OperationDescription Delete { get; } = new("deleteApiKey", Group, "Deletes a key, which is refused from now on.")
    {
        Answers = [new AnswerDescription(204, "The key is gone.")],
    };

    private static Field[] Members(bool required) =>
    [
        new("name", Fields.Text("Shown as the author of changes.", maxLength: ApiKeyEndpoints.MaxNameLength), required),
        new("rights", Fields.List(Fields.OneOf([.. RightsText.Names]), "At least one."), required),
        new("scopes", Fields.List(Fields.Name(), "The scopes it is limited to; null: all.", nullable: true)),
        new("expires", Fields.Time("In the future; null: never.", nullable: true)),
    ];
}

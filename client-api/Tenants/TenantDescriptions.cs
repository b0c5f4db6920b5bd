using System.Text.Json.Nodes;
using Granary.ClientApi.Administration;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Tenants;

/// <summary>What the API's description says of tenants.</summary>
internal static class TenantDescriptions
{
    private const string Group = "Tenants";

    private static readonly BodySchema One = new("Tenant", AdminJson.Default.TenantView);

    public static OperationDescription List { get; } = new("listTenants", Group, "Lists the tenants by name.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("TenantPage", AdminJson.Default.TenantPage))],
    };

    public static OperationDescription Create { get; } = new("createTenant", Group, "Makes a tenant.")
    {
        Body = BodyDescription.Json(Fields.Object([new Field("name", Fields.Name(), Required: true), .. Settings()])),
        Answers = [AnswerDescription.Of(201, "The tenant was made.", One)],
    };

    public static OperationDescription Show { get; } = new("getTenant", Group, "Shows a tenant and what it uses.")
    {
        Answers = [AnswerDescription.Of(200, "The tenant.", One)],
    };

    public static OperationDescription Change { get; } = new("changeTenant", Group, "Changes the limits of a tenant, and the stores it may attach.")
    {
        Body = BodyDescription.Json(Fields.Object(Settings())),
        Answers = [AnswerDescription.Of(200, "The tenant as it is now.", One)],
    };

    public static OperationDescription Delete { get; } = new("deleteTenant", Group, "Deletes a tenant that has no scopes.")
    {
        Answers = [new AnswerDescription(202, "The rest is done in the background."), new AnswerDescription(204, "The tenant is gone.")],
        Problems = [Http.ProblemKinds.NotEmpty, Http.ProblemKinds.LegalHold],
    };

    private static Field[] Settings() =>
    [
        new("quotaBytes", Fields.Whole(0, description: "Most logical bytes of all its scopes; null: no limit.", nullable: true)),
        new("maxFileBytes", Fields.Whole(0, description: "Most bytes of one file; null: no limit.", nullable: true)),
        new("requestsPerMinute", Fields.Whole(1, int.MaxValue, "Most requests in any minute, on each silo; null: no limit.", nullable: true)),
        new("stores", Stores()),
    ];

    private static JsonObject Stores() => Fields.List(Fields.Name(), "Names of the stores that it may attach; null: none.", nullable: true);
}

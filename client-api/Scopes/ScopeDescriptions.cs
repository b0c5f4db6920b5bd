using System.Text.Json.Nodes;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Scopes;

/// <summary>What the API's description says of scopes and of their stores.</summary>
internal static class ScopeDescriptions
{
    private const string Group = "Scopes";

    private static readonly BodySchema One = new("Scope", AdminJson.Default.ScopeView);

    public static OperationDescription List { get; } = new("listScopes", Group, "Lists the scopes that the credential sees, by name.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("ScopePage", AdminJson.Default.ScopePage))],
    };

    public static OperationDescription Create { get; } = new("createScope", Group, "Makes a scope.")
    {
        Text = "It gets store local at 100/100 where there is one that the tenant may use, else none and a warning.",
        Body = BodyDescription.Json(Fields.Object([new Field("name", Fields.Name(), Required: true), .. Settings()])),
        Answers = [AnswerDescription.Of(201, "The scope was made.", One)],
    };

    public static OperationDescription Show { get; } = new("getScope", Group, "Shows a scope: what it holds, and the table of its stores.")
    {
        Answers = [AnswerDescription.Of(200, "The scope.", One)],
    };

    public static OperationDescription Change { get; } = new("changeScope", Group, "Changes the settings of a scope.")
    {
        Body = BodyDescription.Json(Fields.Object(Settings())),
        Answers = [AnswerDescription.Of(200, "The scope as it is now.", One)],
    };

    public static OperationDescription Delete { get; } = new("deleteScope", Group, "Deletes a scope.")
    {
        Parameters = [ParameterDescription.Query("force", "Also when it holds files: they go in the background.", Fields.Flag())],
        Answers = [new AnswerDescription(202, "The scope is gone; its content goes in the background."), new AnswerDescription(204, "The scope is gone.")],
        Problems = [ProblemKinds.NotEmpty, ProblemKinds.LegalHold],
    };

    public static OperationDescription Attach { get; } = new("attachStore", Group, "Attaches a store to a scope, or sets all of its priorities and policy.")
    {
        Body = BodyDescription.Json(Attachment(), required: false),
        Answers = [AnswerDescription.Of(200, "The scope as it is now.", One)],
        Problems = [ProblemKinds.NotEmpty],
    };

    public static OperationDescription ChangeAttachment { get; } = new("changeAttachedStore", Group, "Changes some of the priorities and policy of an attached store.")
    {
        Body = BodyDescription.Json(Attachment(), required: false),
        Answers = [AnswerDescription.Of(200, "The scope as it is now.", One)],
        Problems = [ProblemKinds.NotEmpty],
    };

    public static OperationDescription Detach { get; } = new("detachStore", Group, "Detaches a store, unless something of the scope is only there.")
    {
        Answers = [new AnswerDescription(202, "The rest is done in the background."), new AnswerDescription(204, "The store is detached.")],
        Problems = [ProblemKinds.NotEmpty],
    };

    private static Field[] Settings() =>
    [
        new("quotaBytes", Fields.Whole(0, description: "Most logical bytes of kept versions and open uploads; null: no limit.", nullable: true)),
        new("keepVersions", Fields.Whole(1, ScopeEndpoints.MaxKept, "Versions of a file that are kept; 1 unless set.")),
        new("keepDays", Fields.Whole(1, ScopeEndpoints.MaxKept, "Days that superseded versions are kept beyond that number; null: none.", nullable: true)),
        new("legalHold", Fields.Flag("Legal hold: no version, no file and not the scope itself is removed for good.")),
    ];

    private static JsonObject Attachment() => Fields.Object(
        new Field("uploadPriority", Fields.Whole(int.MinValue, int.MaxValue, "Higher is written first; null last.", nullable: true)),
        new Field("downloadPriority", Fields.Whole(int.MinValue, int.MaxValue, "Higher is read first; null last.", nullable: true)),
        new Field("policy", Policy()));

    private static JsonObject Policy()
    {
        var policy = Fields.Object(
            new Field("populate", Fields.Flag("Copy everything of the scope here.")),
            new Field("drain", new JsonObject
            {
                ["type"] = new JsonArray("boolean", "string", "null"),
                ["description"] = "Move everything away: to any store of the scope, or to the one that is named.",
            }),
            new Field("readOnly", Fields.Flag("Write nothing here.")),
            new Field("writeOnly", Fields.Flag("Read nothing from here.")),
            new Field("softMaxSize", Fields.Whole(0, description: "Bytes of the scope above which maintenance moves some away.", nullable: true)));
        policy["type"] = new JsonArray("object", "null");
        return policy;
    }
}

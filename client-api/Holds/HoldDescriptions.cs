using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Holds;

/// <summary>What the API's description says of legal holds on files.</summary>
internal static class HoldDescriptions
{
    private const string Group = "Legal holds";

    private static readonly BodySchema One = new("FileHold", AdminJson.Default.FileHoldView);

    public static OperationDescription List { get; } = new("listHolds", Group, "Lists the files of a scope that are under a legal hold of their own, by path.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("FileHoldPage", AdminJson.Default.FileHoldPage))],
    };

    public static OperationDescription Show { get; } = new("getHold", Group, "Says what holds a file: its own legal hold, its scope's, or nothing.")
    {
        Answers = [AnswerDescription.Of(200, "What holds it.", One)],
    };

    public static OperationDescription Put { get; } = new("putHold", Group, "Puts a file under legal hold: none of its versions is removed.")
    {
        Text = "It may still be overwritten and deleted: what was there stays as a version. It covers the path, not content that is moved away.",
        Body = BodyDescription.Json(
            Fields.Object(new Field("reason", Fields.Text("Why, for people.", HoldCatalog.MaxReason, nullable: true))), required: false),
        Answers = [AnswerDescription.Of(200, "It was held already.", One), AnswerDescription.Of(201, "It is held from now on.", One)],
    };

    public static OperationDescription Delete { get; } = new("deleteHold", Group, "Ends the legal hold of a file; retention goes on.")
    {
        Answers = [new AnswerDescription(204, "The hold has ended.")],
    };
}

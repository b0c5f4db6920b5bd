using Granary.ClientApi.Content;
using Granary.ClientApi.Files;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Uploads;

/// <summary>What the API's description says of resumable uploads.</summary>
internal static class UploadDescriptions
{
    private const string Group = "Uploads";

    private static readonly ProblemKind[] NoRoom = [ProblemKinds.FileTooLarge, ProblemKinds.QuotaExceeded, ProblemKinds.NoStoreAvailable];

    private static readonly BodySchema Upload = new("Upload", UploadsJson.Default.UploadView);

    public static OperationDescription Begin { get; } = new("beginUpload", Group, "Begins an upload in parts and reserves its bytes.")
    {
        Body = BodyDescription.Json(Fields.Object(
            new Field("path", Fields.Path("Where the file will appear."), Required: true),
            new Field("size", Fields.Whole(0, description: "Bytes of the whole, where known.")),
            new Field("chunkSize", Fields.Whole(UploadCreate.LeastChunk, UploadCreate.MostChunk, "Bytes of every part but the last; a power of two.")),
            new Field("sha256", Fields.Text("SHA-256 that the whole must have.", maxLength: 64)),
            new Field("contentType", Fields.Text("Media type.", maxLength: 255)),
            new Field("ifMatch", Fields.Text("The tag that the file must have when the upload is completed.")),
            new Field("modified", Fields.Time("The client's own modification time.")))),
        Answers = [AnswerDescription.Of(201, "The upload.", new BodySchema("UploadBegun", UploadsJson.Default.UploadBegunView)) with { Headers = [("Location", "The upload.")] }],
        Problems = NoRoom,
    };

    public static OperationDescription List { get; } = new("listUploads", Group, "Lists the open uploads of a scope, oldest first.")
    {
        Parameters = [.. ParameterDescription.Page],
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("UploadPage", UploadsJson.Default.UploadPage))],
    };

    public static OperationDescription Show { get; } = new("showUpload", Group, "Says which parts of an upload have arrived.")
    {
        Answers = [AnswerDescription.Of(200, "The upload.", Upload)],
        Problems = [ProblemKinds.Expired],
    };

    public static OperationDescription Abort { get; } = new("abortUpload", Group, "Ends an upload without a file and gives back what it held.")
    {
        Answers = [new AnswerDescription(204, "The upload is over.")],
        Problems = [ProblemKinds.Expired],
    };

    public static OperationDescription Probe { get; } = new("probeUpload", Group, "Asks which parts have to be sent.")
    {
        Text = "Parts that this scope references already, or that this upload has stored, are bound to their indexes and need not be sent.",
        Body = BodyDescription.Json(Fields.Object(new Field(
            "chunks",
            Fields.List(Fields.Object(
                new Field("index", Fields.Whole(0, int.MaxValue), Required: true), new Field("sha256", Fields.Text(maxLength: 64), Required: true))),
            Required: true))),
        Answers = [AnswerDescription.Of(200, "What has to be sent.", new BodySchema("Probe", UploadsJson.Default.ProbeView))],
        Problems = [ProblemKinds.Expired, ProblemKinds.QuotaExceeded],
    };

    public static OperationDescription Part { get; } = new("putPart", Group, "Sends one part: in any order, in parallel, again.")
    {
        Parameters = [ParameterDescription.Header("Content-Digest", "SHA-256 that the part must have (RFC 9530).")],
        Body = new BodyDescription("application/octet-stream", null),
        Answers = [AnswerDescription.Of(200, "The part is stored.", new BodySchema("Part", UploadsJson.Default.PartView))],
        Problems = [.. NoRoom, ProblemKinds.Expired, ProblemKinds.DigestMismatch, ProblemKinds.UnsupportedMediaType, ProblemKinds.RequestTimeout],
    };

    public static OperationDescription Complete { get; } = new("completeUpload", Group, "Makes the file of an upload whose parts are all there.")
    {
        Parameters =
        [
            ParameterDescription.Header("If-Match", "Only over a version with one of these tags, or any with *."),
            ParameterDescription.Header("If-None-Match", "With *: only where there is no file."),
            ParameterDescription.Header(UploadHeaders.ModifiedHeader, "The client's own modification time."),
        ],
        Body = BodyDescription.Json(Fields.Object(), required: false),
        Answers =
        [
            AnswerDescription.Of(200, "A new version of a file.", new BodySchema("WrittenFile", FilesJson.Default.WrittenFile)),
            AnswerDescription.Of(201, "A new file.", new BodySchema("WrittenFile", FilesJson.Default.WrittenFile)),
        ],
        Problems = [ProblemKinds.Expired, ProblemKinds.DigestMismatch, ProblemKinds.PreconditionFailed, ProblemKinds.QuotaExceeded],
    };
}

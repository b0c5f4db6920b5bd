using System.Text.Json.Nodes;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.FileStores;

/// <summary>What the API's description says of file stores.</summary>
internal static class FileStoreDescriptions
{
    private const string Group = "File stores";

    private static readonly BodySchema One = new("FileStore", AdminJson.Default.FileStoreView);

    public static OperationDescription List { get; } = new("listFileStores", Group, "Lists the file stores by name.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("FileStorePage", AdminJson.Default.FileStorePage))],
    };

    public static OperationDescription Create { get; } = new("createFileStore", Group, "Makes a file store, after proving that its place can be written.")
    {
        Text = "Backend and place cannot change later; secrets can. They go in and never out.",
        Parameters = [ParameterDescription.Query("takeOver", "Take over a place that another store's identity object marks.", Fields.Flag())],
        Body = BodyDescription.Json(Fields.Object(
            [new Field("name", Fields.Name(), Required: true), new Field("backend", Fields.OneOf("local", "s3"), Required: true), new Field("configuration", Configuration(), Required: true), .. Settings()])),
        Answers = [AnswerDescription.Of(201, "The store was made.", One)],
    };

    public static OperationDescription Show { get; } = new("getFileStore", Group, "Shows a file store, its space and its state.")
    {
        Text = "warning is set when the soft limit and the last week's uploads together exceed the file system.",
        Answers = [AnswerDescription.Of(200, "The store.", One)],
    };

    public static OperationDescription Change { get; } = new("changeFileStore", Group, "Changes the limits of a file store, or its secrets.")
    {
        Body = BodyDescription.Json(Fields.Object(
            [new Field("name", Fields.Name("May be repeated, not changed.")), new Field("backend", Fields.OneOf("local", "s3")), new Field("configuration", Configuration()), .. Settings()])),
        Answers = [AnswerDescription.Of(200, "The store as it is now.", One)],
    };

    public static OperationDescription Delete { get; } = new("deleteFileStore", Group, "Deletes a file store.")
    {
        Parameters = [ParameterDescription.Query("force", "Also when it holds chunks or scopes use it: the bytes go in the background.", Fields.Flag())],
        Answers = [new AnswerDescription(202, "The rest is done in the background."), new AnswerDescription(204, "The store is gone.")],
        Problems = [ProblemKinds.NotEmpty, ProblemKinds.LegalHold],
    };

    private static Field[] Settings() =>
    [
        new("instanceWide", Fields.Flag("May more than one scope have it? True unless set.")),
        new("softMaxSize", Fields.Whole(0, description: "Bytes above which maintenance moves some away; at most maxSize.", nullable: true)),
        new("maxSize", Fields.Whole(0, description: "Bytes that are never passed; null: no limit.", nullable: true)),
        new("maxConcurrentReads", Fields.Whole(1, FileStoreRequest.MaxConcurrency)),
        new("maxConcurrentWrites", Fields.Whole(1, FileStoreRequest.MaxConcurrency)),
        new("verify", Fields.OneOf("read-back", "backend")),
    ];

    private static JsonObject Configuration()
    {
        var schema = Fields.Object(
            new Field("path", Fields.Text("local: a directory below one of the configured roots.")),
            new Field("silo", Fields.Text("local: the silo that owns it; absent: a shared mount.", nullable: true)),
            new Field("endpoint", Fields.Text("s3: where the server is.")),
            new Field("externalEndpoint", Fields.Text("s3: where clients reach it, for presigned links.", nullable: true)),
            new Field("region", Fields.Text("s3", nullable: true)),
            new Field("bucket", Fields.Text("s3")),
            new Field("prefix", Fields.Text("s3", nullable: true)),
            new Field("accessKey", Secret()),
            new Field("secretKey", Secret()),
            new Field("storageClass", Fields.Text("s3: sent only when set.", nullable: true)),
            new Field("forcePathStyle", Fields.Flag("s3")),
            new Field("checksums", Fields.OneOf("sha256", "none")));
        schema["description"] = "The place; which members there are depends on the backend.";
        return schema;
    }

    private static JsonObject Secret()
    {
        var schema = Fields.Text("s3: goes in, never out.");
        schema["writeOnly"] = true;
        return schema;
    }
}

using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Files;

/// <summary>What the API's description says of files.</summary>
internal static class FileDescriptions
{
    private const string Group = "Files";

    private static readonly BodySchema Written = new("WrittenFile", FilesJson.Default.WrittenFile);

    private static readonly ProblemKind[] NoRoom =
        [ProblemKinds.FileTooLarge, ProblemKinds.QuotaExceeded, ProblemKinds.NoStoreAvailable, ProblemKinds.PreconditionFailed];

    private static readonly (string, string)[] Tag = [("ETag", "Identifies the content.")];

    public static OperationDescription Put { get; } = new("putFile", Group, "Makes the body the next version of a path.")
    {
        Parameters =
        [
            ParameterDescription.Header("If-Match", "Only over a version with one of these tags, or any with *."),
            ParameterDescription.Header("If-None-Match", "With *: only where there is no file."),
            ParameterDescription.Header("Content-Digest", "SHA-256 that the content must have (RFC 9530)."),
            ParameterDescription.Header("Repr-Digest", "As Content-Digest."),
            ParameterDescription.Header(UploadHeaders.ModifiedHeader, "The client's own modification time."),
        ],
        Body = new BodyDescription("application/octet-stream", null),
        Answers =
        [
            AnswerDescription.Of(200, "A new version of a file.", Written) with { Headers = Tag },
            AnswerDescription.Of(201, "A new file.", Written) with { Headers = Tag },
        ],
        Problems = [.. NoRoom, ProblemKinds.DigestMismatch, ProblemKinds.UnsupportedMediaType, ProblemKinds.RequestTimeout],
    };

    public static OperationDescription Get { get; } = new("getFile", Group, "Reads a file, or what is known about it.")
    {
        Text = "With versions, manifest or explain in the query the answer is a page of JSON instead of the bytes.",
        Parameters =
        [
            Version(),
            ParameterDescription.Query("versions", "List the kept versions, newest first.", Fields.Flag()),
            ParameterDescription.Query("manifest", "List the chunks.", Fields.Flag()),
            ParameterDescription.Query("explain", "Say for every chunk where its copies are, and why.", Fields.Flag()),
            ParameterDescription.Query("after", "With one of the three: items after this one.", Fields.Text()),
            ParameterDescription.Query("limit", "With one of the three: at most so many items.", Fields.Whole(1)),
            .. Conditions(),
            ParameterDescription.Header("Range", "Parts to send; at most 64 after merging, else the whole is sent."),
            ParameterDescription.Header("If-Range", "Parts only of the version with this tag or time, else the whole."),
            ParameterDescription.Header("Accept-Redirect", "presigned: a link to the store is welcome."),
        ],
        Answers =
        [
            AnswerDescription.Of(200, "The bytes, or a page of facts.", new BodySchema("VersionPage", FilesJson.Default.VersionPage),
                new BodySchema("ManifestPage", FilesJson.Default.ManifestPage), new BodySchema("ExplanationPage", FilesJson.Default.ExplanationPage))
                with { MediaType = "*/*", Headers = Described() },
            new AnswerDescription(206, "The parts.") { MediaType = "*/*", Headers = Described() },
            new AnswerDescription(304, "The client has this version."),
            new AnswerDescription(307, "A short-lived link to the store.") { Headers = [("Location", "The link.")] },
        ],
        Problems = [ProblemKinds.PreconditionFailed, ProblemKinds.RangeNotSatisfiable],
    };

    public static OperationDescription Head { get; } = new("headFile", Group, "The headers that reading a file would give.")
    {
        Parameters = [Version(), .. Conditions()],
        Answers = [new AnswerDescription(200, "The file is there.") { Headers = Described() }, new AnswerDescription(304, "The client has this version.")],
        Problems = [ProblemKinds.PreconditionFailed],
    };

    public static OperationDescription Delete { get; } = new("deleteFile", Group, "Deletes a file; earlier versions stay until their retention ends, and while it is under legal hold.")
    {
        Parameters = [ParameterDescription.Header("If-Match", "Only a version with one of these tags.")],
        Answers = [new AnswerDescription(204, "The file is gone.")],
        Problems = [ProblemKinds.PreconditionFailed],
    };

    public static OperationDescription Copy { get; } = new("copyFile", Group, "Copies a file by reference, also into another scope.")
    {
        Body = BodyDescription.Json(Fields.Object(FromTo("Another scope of the tenant; absent: the same."))),
        Answers = [AnswerDescription.Of(201, "The copy.", Written) with { Headers = Tag }],
        Problems = NoRoom,
    };

    public static OperationDescription Move { get; } = new("moveFile", Group, "Gives a file another path in its scope.")
    {
        Body = BodyDescription.Json(Fields.Object(FromTo("Absent, or the same scope."))),
        Answers = [AnswerDescription.Of(201, "The file under its new path.", Written) with { Headers = Tag }],
        Problems = NoRoom,
    };

    public static OperationDescription Restore { get; } = new("restoreFile", Group, "Makes a kept version the newest one.")
    {
        Body = BodyDescription.Json(Fields.Object(
            new Field("path", Fields.Path("The file."), Required: true), new Field("version", Fields.Whole(1), Required: true))),
        Answers = [AnswerDescription.Of(201, "The new version.", Written) with { Headers = Tag }],
        Problems = NoRoom,
    };

    public static OperationDescription List { get; } = new("listFiles", Group, "Lists files in the byte order of their paths.")
    {
        Parameters =
        [
            ParameterDescription.Query("prefix", "Only paths that begin so.", Fields.Text(maxLength: 1024)),
            ParameterDescription.Query("delimiter", "Paths that hold it after the prefix are gathered in prefixes.", Fields.Text(maxLength: 1024)),
            .. ParameterDescription.Page,
        ],
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("FilePage", FilesJson.Default.FilePage))],
    };

    private static Field[] FromTo(string toScope) =>
    [
        new("from", Fields.Path("The file."), Required: true),
        new("to", Fields.Path("Its other path."), Required: true),
        new("toScope", Fields.Text(toScope)),
        new("ifMatch", Fields.Text("The tag that the source must have.")),
    ];

    private static ParameterDescription Version() =>
        ParameterDescription.Query("version", "A kept version instead of the newest.", Fields.Whole(1));

    private static ParameterDescription[] Conditions() =>
    [
        ParameterDescription.Header("If-Match", "Only a version with one of these tags."),
        ParameterDescription.Header("If-None-Match", "Only a version with none of these tags, else 304."),
        ParameterDescription.Header("If-Modified-Since", "Only when modified since, else 304."),
        ParameterDescription.Header("If-Unmodified-Since", "Only when not modified since."),
    ];

    private static (string, string)[] Described() =>
    [
        ("ETag", "Identifies the content."), ("Last-Modified", "The client's or the commit's time, in seconds."),
        ("Repr-Digest", "SHA-256 of the whole, where it is known."), (FileHeaders.Version, "Number of the version."),
        (FileHeaders.Modified, "The client's time to the precision it gave."),
    ];
}

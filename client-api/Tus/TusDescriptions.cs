using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Tus;

/// <summary>What the API's description says of tus; the protocol itself is described at tus.io.</summary>
internal static class TusDescriptions
{
    private const string Group = "tus";

    private static readonly ProblemKind[] Bytes =
    [
        ProblemKinds.PreconditionFailed, ProblemKinds.Conflict, ProblemKinds.Expired, ProblemKinds.FileTooLarge, ProblemKinds.BodyTooLarge,
        ProblemKinds.UnsupportedMediaType, ProblemKinds.Locked, ProblemKinds.ChecksumMismatch, ProblemKinds.QuotaExceeded, ProblemKinds.NoStoreAvailable,
        ProblemKinds.RequestTimeout,
    ];

    private static readonly ParameterDescription Resumable = ParameterDescription.Header(TusProtocol.ResumableHeader, "1.0.0");

    private static readonly (string, string)[] Offset =
        [(TusProtocol.OffsetHeader, "Bytes that have come."), (TusProtocol.ExpiresHeader, "When the upload ends unless something comes.")];

    public static OperationDescription Options { get; } = new("tusOptions", Group, "Says what of tus is spoken.")
    {
        Answers = [new AnswerDescription(204, "Version and extensions.") { Headers = [(TusProtocol.VersionHeader, "1.0.0"), ("Tus-Extension", "Extensions.")] }],
    };

    public static OperationDescription ItemOptions { get; } = Options with { Id = "tusUploadOptions" };

    public static OperationDescription Create { get; } = new("tusCreate", Group, "Begins a tus upload, also with its first bytes, or puts one together of partial ones.")
    {
        Parameters =
        [
            Resumable,
            ParameterDescription.Header(TusProtocol.LengthHeader, "Bytes of the whole."),
            ParameterDescription.Header(TusProtocol.DeferHeader, "1: the length comes later."),
            ParameterDescription.Header(TusProtocol.MetadataHeader, "path (or filename), contentType (or filetype)."),
            ParameterDescription.Header(TusProtocol.ConcatHeader, "partial, or final; and the parts."),
            ParameterDescription.Header(TusProtocol.ChecksumHeader, "Of the bytes that come along."),
        ],
        Body = new BodyDescription(TusProtocol.MediaType, null, Required: false),
        Answers = [new AnswerDescription(201, "The upload.") { Headers = [("Location", "The upload."), .. Offset] }],
        Problems = Bytes,
    };

    public static OperationDescription Head { get; } = new("tusHead", Group, "Says how far an upload is.")
    {
        Parameters = [Resumable],
        Answers = [new AnswerDescription(200, "The upload.") { Headers = Offset }],
        Problems = [ProblemKinds.PreconditionFailed, ProblemKinds.Expired, ProblemKinds.Locked],
    };

    public static OperationDescription Patch { get; } = new("tusPatch", Group, "Adds bytes at the end of an upload; with the last one the file is made.")
    {
        Parameters =
        [
            Resumable,
            ParameterDescription.Header(TusProtocol.OffsetHeader, "Bytes that have come."),
            ParameterDescription.Header(TusProtocol.LengthHeader, "Bytes of the whole, where they were not said before."),
            ParameterDescription.Header(TusProtocol.ChecksumHeader, "sha1 or sha256 of the body, in base64."),
        ],
        Body = new BodyDescription(TusProtocol.MediaType, null),
        Answers = [new AnswerDescription(204, "The bytes are stored.") { Headers = Offset }],
        Problems = Bytes,
    };

    public static OperationDescription Delete { get; } = new("tusDelete", Group, "Ends an upload; a file that was made of it stays.")
    {
        Parameters = [Resumable],
        Answers = [new AnswerDescription(204, "The upload is over.")],
        Problems = [ProblemKinds.PreconditionFailed, ProblemKinds.Expired, ProblemKinds.Locked],
    };

    public static OperationDescription Override { get; } = new("tusOverride", Group, "HEAD, PATCH or DELETE for clients that cannot send them.")
    {
        Parameters = [Resumable, ParameterDescription.Header("X-HTTP-Method-Override", "HEAD, PATCH or DELETE.")],
        Body = new BodyDescription(TusProtocol.MediaType, null, Required: false),
        Answers = [new AnswerDescription(200, "As HEAD.") { Headers = Offset }, new AnswerDescription(204, "As PATCH or DELETE.") { Headers = Offset }],
        Problems = [ProblemKinds.MethodNotAllowed, .. Bytes],
    };
}

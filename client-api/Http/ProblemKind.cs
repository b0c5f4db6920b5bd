using System.Collections.Frozen;

namespace Granary.ClientApi.Http;

/// <summary>One row of the table that maps each refusal to its status: a stable code, an HTTP status, a short title.</summary>
/// <param name="Code">Stable code, in kebab case; clients may rely on it.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">A short summary that does not change from occurrence to occurrence (RFC 9457, section 3.1.3).</param>
public sealed record ProblemKind(string Code, int Status, string Title);

/// <summary>The one table of problem codes (http-api, last table). Tests walk it.</summary>
public static class ProblemKinds
{
    /// <summary>A field, header or parameter is against a rule.</summary>
    public static readonly ProblemKind InvalidRequest = new("invalid-request", 400, "The request is not valid");

    /// <summary>The request target holds a path that no file can have.</summary>
    public static readonly ProblemKind InvalidPath = new("invalid-path", 400, "The path is not valid");

    /// <summary>An operator credential without a home tenant names none.</summary>
    public static readonly ProblemKind TenantRequired = new("tenant-required", 400, "A tenant must be named");

    /// <summary>No credential, or one that is not valid.</summary>
    public static readonly ProblemKind Unauthenticated = new("unauthenticated", 401, "A valid credential is needed");

    /// <summary>The credential lacks the right.</summary>
    public static readonly ProblemKind Forbidden = new("forbidden", 403, "The credential lacks the right");

    /// <summary>It does not exist, or the caller may not know of it (S11).</summary>
    public static readonly ProblemKind NotFound = new("not-found", 404, "There is no such thing");

    /// <summary>The path exists, the method does not.</summary>
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "The method is not allowed here");

    /// <summary>The client was too slow to send its request.</summary>
    public static readonly ProblemKind RequestTimeout = new("request-timeout", 408, "The request came too slowly");

    /// <summary>A name is taken, a state forbids it, or an idempotency key was used for another request.</summary>
    public static readonly ProblemKind Conflict = new("conflict", 409, "The request conflicts with the present state");

    /// <summary>What should be deleted still holds content.</summary>
    public static readonly ProblemKind NotEmpty = new("not-empty", 409, "It is not empty");

    /// <summary>A legal hold forbids the removal (S22).</summary>
    public static readonly ProblemKind LegalHold = new("legal-hold", 409, "A legal hold is on");

    /// <summary>What a silo's stores hold could go nowhere else.</summary>
    public static readonly ProblemKind NoTarget = new("no-target", 409, "There is nowhere for it to go");

    /// <summary>It existed and expired.</summary>
    public static readonly ProblemKind Expired = new("expired", 410, "It has expired");

    /// <summary>A precondition header did not hold.</summary>
    public static readonly ProblemKind PreconditionFailed = new("precondition-failed", 412, "A precondition did not hold");

    /// <summary>The file is larger than the tenant allows (S10).</summary>
    public static readonly ProblemKind FileTooLarge = new("file-too-large", 413, "The file is too large");

    /// <summary>A JSON body is larger than any the API takes.</summary>
    public static readonly ProblemKind BodyTooLarge = new("body-too-large", 413, "The body is too large");

    /// <summary>The body's media type is not the one the resource takes.</summary>
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", 415, "The media type is not supported");

    /// <summary>No byte of the file is in any of the ranges.</summary>
    public static readonly ProblemKind RangeNotSatisfiable = new("range-not-satisfiable", 416, "The range cannot be satisfied");

    /// <summary>The body does not have the digest or the length that was announced.</summary>
    public static readonly ProblemKind DigestMismatch = new("digest-mismatch", 422, "The content does not fit its digest");

    /// <summary>Another request works on it.</summary>
    public static readonly ProblemKind Locked = new("locked", 423, "Another request works on it");

    /// <summary>The bytes do not have the checksum of tus that was sent with them.</summary>
    public static readonly ProblemKind ChecksumMismatch = new("checksum-mismatch", 460, "The checksum does not fit");

    /// <summary>Too many requests.</summary>
    public static readonly ProblemKind RateLimited = new("rate-limited", 429, "Too many requests");

    /// <summary>The header fields are too large.</summary>
    public static readonly ProblemKind HeadersTooLarge = new("headers-too-large", 431, "The header fields are too large");

    /// <summary>A fault of the server.</summary>
    public static readonly ProblemKind Internal = new("internal", 500, "The server failed");

    /// <summary>Something that is needed cannot be reached now; a repeat may succeed.</summary>
    public static readonly ProblemKind Unavailable = new("unavailable", 503, "The service is unavailable");

    /// <summary>Too much is in flight; a repeat may succeed.</summary>
    public static readonly ProblemKind Busy = new("busy", 503, "The service is busy");

    /// <summary>The protocol version is not spoken here.</summary>
    public static readonly ProblemKind VersionNotSupported = new("version-not-supported", 505, "The HTTP version is not supported");

    /// <summary>The quota of the tenant or the scope has no room (S10).</summary>
    public static readonly ProblemKind QuotaExceeded = new("quota-exceeded", 507, "The quota has no room");

    /// <summary>No store of the scope can take the bytes (D6).</summary>
    public static readonly ProblemKind NoStoreAvailable = new("no-store-available", 507, "No store can take the bytes");

    /// <summary>Every row.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        InvalidRequest, InvalidPath, TenantRequired, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, RequestTimeout,
        Conflict, NotEmpty, LegalHold, NoTarget, Expired, PreconditionFailed, FileTooLarge, BodyTooLarge, UnsupportedMediaType, RangeNotSatisfiable,
        DigestMismatch, Locked, ChecksumMismatch, RateLimited, HeadersTooLarge, Internal, Unavailable, Busy, VersionNotSupported, QuotaExceeded,
        NoStoreAvailable,
    ];

    /// <summary>Rows by code.</summary>
    public static FrozenDictionary<string, ProblemKind> ByCode { get; } = All.ToFrozenDictionary(kind => kind.Code);

    /// <summary>The row for an answer that the server or the routing made by itself, without a body.</summary>
    public static ProblemKind ForBareStatus(int status) => status switch
    {
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => RequestTimeout,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        429 => RateLimited,
        431 => HeadersTooLarge,
        505 => VersionNotSupported,
        >= 500 => Internal,
        _ => InvalidRequest,
    };
}

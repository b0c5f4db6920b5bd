using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Uploads;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Tus;

/// <summary>OPTIONS, HEAD, PATCH and DELETE of tus.</summary>
internal sealed class TusHandlers(
    SessionCatalog sessions, SessionAccess access, TusUploads tus, TusWriters writers, TusAppend append, TusCompletion completion)
{
    /// <summary>A request that gets no byte for so long is dead when another one asks how far the upload is.</summary>
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(1);

    /// <summary>
    /// "An OPTIONS request MAY be used to gather information about the Server's current configuration. A successful response
    /// indicated by the 204 No Content or 200 OK status MUST contain the Tus-Version header." The same for every scope, because
    /// no credential comes with it.
    /// </summary>
    public static Task<IResult> Options(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[TusProtocol.ResumableHeader] = TusProtocol.Version;
        headers[TusProtocol.VersionHeader] = TusProtocol.Version;
        headers["Tus-Extension"] = TusProtocol.Extensions;
        headers["Tus-Checksum-Algorithm"] = TusChecksum.Algorithms;
        return Task.FromResult(ApiResults.NoContent);
    }

    /// <summary>
    /// "HEAD is used to determine the offset at which the upload should be continued." A request that still appends but gets
    /// no byte any more is ended first, so that what it has counts. An upload that has all its bytes and is no file yet, because
    /// the server was stopped in between, becomes one.
    /// </summary>
    public async Task<IResult> HeadAsync(ApiCall call)
    {
        TusProtocol.ForbidCaching(call.Http.Response);
        var (found, problem) = await tus.FindAsync(call);
        if (found is null)
            return problem!;
        if (await writers.FindLiveAsync(found.Session.Upload, s_moment) is { } live)
            return Described(call, found.Session, live.Durable);
        (found, problem) = await tus.FindAsync(call);
        if (found is null)
            return problem!;
        var session = found.Session;
        if (session.State == SessionState.Open && session.Kind != SessionKind.TusFinal && (session.NeedsRecovery || IsWhole(session)))
        {
            using var writer = await writers.TakeAsync(session.Upload);
            if (writer is null)
                return Locked();
            var claim = await sessions.ClaimWriterAsync(call.TenantId, session.Upload, CancellationToken.None);
            session = claim.Session ?? session;
            if (session.State == SessionState.Open && IsWhole(session))
            {
                if (await completion.CompleteAsync(call, session, access.Target(call, found)) is { } refused)
                    return refused;
                session = session with { State = SessionState.Completed };
            }
        }

        return Described(call, session, Offset(session));
    }

    /// <summary>
    /// "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise the server SHOULD return a 415
    /// Unsupported Media Type status. The Upload-Offset header's value MUST be equal to the current offset of the resource. If
    /// the offsets do not match, the Server MUST respond with the 409 Conflict status without modifying the upload resource."
    /// </summary>
    public async Task<IResult> PatchAsync(ApiCall call)
    {
        var (found, problem) = await tus.FindAsync(call);
        if (found is null)
            return problem!;
        if (found.Session.Kind == SessionKind.TusFinal)
            return new Problem(ProblemKinds.Forbidden, "A final upload takes no bytes: it is made of its parts.");
        var (request, wrong) = ReadAppend(call.Http.Request);
        if (request is null)
            return wrong!;
        using var checksum = request.Checksum;
        using var writer = await writers.TakeAsync(found.Session.Upload);
        if (writer is null)
            return Locked();
        var outcome = await append.AppendAsync(call, found, writer, request);
        if (outcome.Problem is not null)
            return outcome.Problem;
        var headers = call.Http.Response.Headers;
        headers[TusProtocol.OffsetHeader] = TusProtocol.Text(outcome.Offset);
        TusUploads.Expire(call.Http.Response, outcome.Session!);
        return ApiResults.NoContent;
    }

    /// <summary>
    /// "When receiving a DELETE request for an existing upload the Server SHOULD free associated resources and MUST respond
    /// with the 204 No Content status confirming that the upload was terminated. For all future requests to this URL, the Server
    /// SHOULD respond with the 404 Not Found or 410 Gone status." (U7) A file that was made stays.
    /// </summary>
    public async Task<IResult> DeleteAsync(ApiCall call)
    {
        var (found, problem) = await tus.FindAsync(call);
        if (found is null)
            return problem!;
        using var writer = await writers.TakeAsync(found.Session.Upload);
        if (writer is null)
            return Locked();
        await access.EndAsync(found.Session, SessionState.Aborted);
        return ApiResults.NoContent;
    }

    /// <summary>
    /// "The Server MUST interpret the value of X-HTTP-Method-Override as the request's method, if the header is presented."
    /// </summary>
    public Task<IResult> OverrideAsync(ApiCall call) => call.Http.Request.Headers["X-HTTP-Method-Override"].ToString() switch
    {
        "PATCH" => PatchAsync(call),
        "DELETE" => DeleteAsync(call),
        "HEAD" => HeadAsync(call),
        _ => Task.FromResult<IResult>(new Problem(ProblemKinds.MethodNotAllowed, "POST is not allowed on this resource, but with X-HTTP-Method-Override.")),
    };

    /// <summary>What a request with bytes says of them.</summary>
    public static (AppendRequest? Request, Problem? Problem) ReadAppend(HttpRequest request)
    {
        if (!string.Equals(request.ContentType, TusProtocol.MediaType, StringComparison.OrdinalIgnoreCase))
            return (null, new Problem(ProblemKinds.UnsupportedMediaType, $"The bytes of an upload are {TusProtocol.MediaType}."));
        if (!TusProtocol.TryReadNumber(request, TusProtocol.OffsetHeader, out var offset) || offset is null)
            return (null, Problem.Invalid(TusProtocol.OffsetHeader, $"{TusProtocol.OffsetHeader} is a whole number."));
        if (!TusProtocol.TryReadNumber(request, TusProtocol.LengthHeader, out var length))
            return (null, Problem.Invalid(TusProtocol.LengthHeader, $"{TusProtocol.LengthHeader} is a whole number."));
        var (checksum, wrong) = TusChecksum.Read(request);
        return wrong is not null ? (null, wrong) : (new AppendRequest(offset.Value, request.ContentLength, HasBody(request), length, checksum), null);
    }

    /// <summary>Is there a body?</summary>
    public static bool HasBody(HttpRequest request) => request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0;

    /// <summary>423.</summary>
    public static Problem Locked() => new(ProblemKinds.Locked, "A newer request goes on with this upload.");

    private static bool IsWhole(SessionInfo session) => session.Kind == SessionKind.Tus && session.Size == session.Received;

    private static long Offset(SessionInfo session) =>
        session.State == SessionState.Completed ? session.Result?.Size ?? session.Size ?? 0 : session.Received;

    private static Ok Described(ApiCall call, SessionInfo session, long offset)
    {
        TusUploads.Describe(call.Http.Response, session, offset);
        return new Ok();
    }

    private sealed class Ok : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status200OK;
            httpContext.Response.ContentLength = 0;
            return Task.CompletedTask;
        }
    }
}

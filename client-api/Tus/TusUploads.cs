using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.ClientApi.Uploads;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Tus;

/// <summary>Finds tus uploads and describes them in headers.</summary>
internal sealed class TusUploads(SessionAccess access)
{
    /// <summary>
    /// The upload that a route names. "If the resource is not found, the Server SHOULD return either the 404 Not Found, 410
    /// Gone or 403 Forbidden status without the Upload-Offset header." (U2)
    /// </summary>
    public async Task<(OpenSession? Found, Problem? Problem)> FindAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return (null, problem);
        return found.Session.Kind != SessionKind.Parts && found.Scope.Name == call.Route("scope") ? (found, null) : (null, SessionAccess.Unknown());
    }

    /// <summary>Where an upload is.</summary>
    public static string Url(ApiCall call, string scope, SessionInfo session) =>
        $"{call.Http.Request.PathBase}{ApiEndpoints.Root}/scopes/{scope}/tus/{session.Upload}";

    /// <summary>"The Server MUST always include the Upload-Offset header in the response for a HEAD request."</summary>
    public static void Describe(HttpResponse response, SessionInfo session, long offset)
    {
        var headers = response.Headers;
        var length = session.State == SessionState.Completed ? session.Result?.Size ?? session.Size : session.Size;
        if (session.Kind != SessionKind.TusFinal || session.State == SessionState.Completed)
            headers[TusProtocol.OffsetHeader] = TusProtocol.Text(offset);
        if (length is { } known)
            headers[TusProtocol.LengthHeader] = TusProtocol.Text(known);
        else if (session.Kind != SessionKind.TusFinal)
            headers[TusProtocol.DeferHeader] = "1";
        if (session.Metadata is { Length: > 0 } metadata)
            headers[TusProtocol.MetadataHeader] = metadata;
        if (session.Kind == SessionKind.TusPartial)
            headers[TusProtocol.ConcatHeader] = "partial";
        else if (session.Kind == SessionKind.TusFinal)
            headers[TusProtocol.ConcatHeader] = "final;" + session.Parts;
        Expire(response, session);
    }

    /// <summary>"This header MUST be included in every PATCH response if the upload is going to expire." (U6)</summary>
    public static void Expire(HttpResponse response, SessionInfo session)
    {
        if (session.State == SessionState.Open)
            response.Headers[TusProtocol.ExpiresHeader] = TusProtocol.Text(session.Expires);
    }
}

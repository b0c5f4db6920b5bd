using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.ClientApi.Uploads;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Tus;

/// <summary>
/// <c>POST /api/v1/scopes/{scope}/tus</c>. "The Client MUST send a POST request against a known upload creation URL to request
/// a new upload resource. The request MUST include one of the following headers: Upload-Length or Upload-Defer-Length. If the
/// length of the upload exceeds the maximum, which MAY be specified using the Tus-Max-Size header, the Server MUST respond
/// with the 413 Request Entity Too Large status. The Server MUST acknowledge a successful upload creation with the 201 Created
/// status. The Server MUST set the Location header to the URL of the created resource." (U4)
/// </summary>
internal sealed class TusCreate(
    SessionCatalog sessions,
    SessionAccess access,
    TusWriters writers,
    TusAppend append,
    TusCompletion completion,
    IStoreDirectory directory,
    UploadSessionOptions lifetime,
    IOptions<ClientApiOptions> options,
    TimeProvider time)
{
    /// <summary>
    /// Steps: (1) the scope; (2) metadata; (3) a final upload is put together of its parts; (4) else the length; (5) the row;
    /// (6) bytes that came along; an upload of no bytes is complete at once.
    /// </summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        var request = call.Http.Request;
        if (!TusMetadata.TryParse(request.Headers.TryGetValue(TusProtocol.MetadataHeader, out var text) ? text.ToString() : null, out var metadata, out var reason))
            return Problem.Invalid(TusProtocol.MetadataHeader, reason);
        var operation = OperationKeys.Read(call.Http, Encoding.UTF8.GetBytes(text.ToString()), out problem);
        if (problem is not null)
            return problem;
        var concat = request.Headers[TusProtocol.ConcatHeader].ToString();
        if (concat.StartsWith("final;", StringComparison.Ordinal))
            return await ConcatenateAsync(call, scope, metadata, concat["final;".Length..].Trim(), operation);
        if (concat.Length > 0 && concat != "partial")
            return Problem.Invalid(TusProtocol.ConcatHeader, $"{TusProtocol.ConcatHeader} is partial, or final; and the URLs of the parts.");
        if (ReadLength(request, out var length) is { } wrong)
            return wrong;
        var partial = concat == "partial";
        if (metadata.Path is null && !partial)
            return NoPath();
        if (length is { } announced && TusAppend.CheckLength(call, announced) is { } tooLong)
        {
            call.Http.Response.Headers[TusProtocol.MaxSizeHeader] = TusProtocol.Text(call.Tenant.Settings.MaxFileBytes!.Value);
            return tooLong;
        }

        AppendRequest? bytes = null;
        if (TusHandlers.HasBody(request))
        {
            request.Headers[TusProtocol.OffsetHeader] = "0";
            (bytes, problem) = TusHandlers.ReadAppend(request);
            if (bytes is null)
                return problem!;
            bytes = bytes with { Length = null };
        }

        using var checksum = bytes?.Checksum;
        var stores = new ScopeStores(call.Topology, scope.Id, directory);
        if (length != 0 && stores.WriteCandidates().Length == 0)
            return ChunkPlacer.NoStore(stores, full: false, failed: false);
        var created = await sessions.CreateAsync(
            Begin(call, scope, metadata) with
            {
                Kind = partial ? SessionKind.TusPartial : SessionKind.Tus,
                Path = partial ? null : metadata.Path,
                Size = length,
                Operation = operation,
            },
            CancellationToken.None);
        if (UploadCreate.Refusal(created) is { } refused)
            return refused;
        await access.WatchAsync(call.TenantId);
        return await BeginAsync(call, new OpenSession(created.Session!, scope), bytes);
    }

    private async Task<IResult> BeginAsync(ApiCall call, OpenSession found, AppendRequest? bytes)
    {
        var response = call.Http.Response;
        response.Headers.Location = TusUploads.Url(call, found.Scope.Name, found.Session);
        var session = found.Session;
        if (bytes is not null || (session.Size == 0 && session.State == SessionState.Open))
        {
            using var writer = await writers.TakeAsync(session.Upload);
            if (writer is null)
                return TusHandlers.Locked();
            var outcome = await append.AppendAsync(call, found, writer, bytes ?? new AppendRequest(0, null, false, null, null));
            if (outcome.Problem is not null)
                return outcome.Problem;
            session = outcome.Session!;
            response.Headers[TusProtocol.OffsetHeader] = TusProtocol.Text(outcome.Offset);
        }

        TusUploads.Expire(response, session);
        return new CreatedResult();
    }

    /// <summary>
    /// "The Client MAY send the concatenation request while the partial uploads are still in progress. This feature MUST be
    /// explicitly announced by the Server by adding concatenation-unfinished": it is not, so that they are finished.
    /// </summary>
    private async Task<IResult> ConcatenateAsync(ApiCall call, ScopeInfo scope, TusMetadata metadata, string urls, OperationKey? operation)
    {
        if (call.Http.Request.Headers.ContainsKey(TusProtocol.LengthHeader))
            return Problem.Invalid(TusProtocol.LengthHeader, "The length of a final upload is that of its parts.");
        if (metadata.Path is null)
            return NoPath();

        // The same parts asked for again, because the answer was lost, are the same upload.
        var key = operation ?? new OperationKey($"tus-final-{Digest(urls)}", Digest(metadata.Path.Value.Text));
        IReadOnlyList<SessionInfo> parts = [];
        if (await sessions.FindByKeyAsync(call.TenantId, key, call.Aborted) is not { State: SessionState.Completed })
        {
            (parts, var problem) = await FindPartsAsync(call, scope, urls);
            problem ??= TusAppend.CheckLength(call, parts.Sum(static part => part.Received));
            if (problem is not null)
                return problem;
        }

        var created = await sessions.CreateAsync(
            Begin(call, scope, metadata) with { Kind = SessionKind.TusFinal, Path = metadata.Path, Parts = urls, Operation = key }, CancellationToken.None);
        if (UploadCreate.Refusal(created) is { } refused)
            return refused;
        var final = new OpenSession(created.Session!, scope);
        using var writer = await writers.TakeAsync(final.Session.Upload);
        if (writer is null)
            return TusHandlers.Locked();
        var now = await sessions.FindAsync(call.TenantId, final.Session.Upload, CancellationToken.None);
        if (now is { State: SessionState.Open } && await completion.ConcatenateAsync(call, final, parts) is { } failed)
            return failed;
        if (now is not { State: SessionState.Open or SessionState.Completed })
            return SessionAccess.Unknown();

        call.Http.Response.Headers.Location = TusUploads.Url(call, scope.Name, final.Session);
        return new CreatedResult();
    }

    private async Task<(IReadOnlyList<SessionInfo> Parts, Problem? Problem)> FindPartsAsync(ApiCall call, ScopeInfo scope, string urls)
    {
        var parts = new List<SessionInfo>();
        foreach (var url in urls.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var id = url[(url.LastIndexOf('/') + 1)..];
            var (found, problem) = Guid.TryParseExact(id, "N", out var guid) ? await access.FindAsync(call, new UploadId(guid)) : (null, SessionAccess.Unknown());
            if (found is null)
                return ([], problem);
            var part = found.Session;
            if (part.Kind != SessionKind.TusPartial || found.Scope.Id != scope.Id || parts.Exists(other => other.Upload == part.Upload))
                return ([], Problem.Invalid(TusProtocol.ConcatHeader, "A final upload is made of different partial uploads of the same scope."));
            if (part.State != SessionState.Open || part.NeedsRecovery || part.Size != part.Received)
                return ([], new Problem(ProblemKinds.Conflict, "A part of the final upload is not finished."));
            parts.Add(part);
        }

        return parts.Count > 0 ? (parts, null) : ([], Problem.Invalid(TusProtocol.ConcatHeader, "A final upload names its parts."));
    }

    private NewSession Begin(ApiCall call, ScopeInfo scope, TusMetadata metadata) => new()
    {
        Tenant = call.TenantId,
        Scope = scope.Id,
        Upload = new UploadId(Guid.CreateVersion7(time.GetUtcNow())),
        ChunkSize = options.Value.ChunkBytes,
        ContentType = metadata.ContentType,
        Metadata = metadata.Text,
        Expires = time.GetUtcNow() + lifetime.Lifetime,
    };

    private static Problem? ReadLength(HttpRequest request, out long? length)
    {
        if (!TusProtocol.TryReadNumber(request, TusProtocol.LengthHeader, out length))
            return Problem.Invalid(TusProtocol.LengthHeader, $"{TusProtocol.LengthHeader} is a whole number.");
        var deferred = request.Headers.TryGetValue(TusProtocol.DeferHeader, out var defer);
        if (deferred && defer != "1")
            return Problem.Invalid(TusProtocol.DeferHeader, $"{TusProtocol.DeferHeader} is 1.");
        return deferred == (length is not null)
            ? Problem.Invalid(TusProtocol.LengthHeader, $"Either {TusProtocol.LengthHeader} or {TusProtocol.DeferHeader} is sent.")
            : null;
    }

    private static Problem NoPath() => Problem.Invalid(TusProtocol.MetadataHeader, $"{TusProtocol.MetadataHeader} holds path (or filename): where the file will appear.");

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private sealed class CreatedResult : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status201Created;
            httpContext.Response.ContentLength = 0;
            return Task.CompletedTask;
        }
    }
}

using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Uploads;

/// <summary><c>POST /api/v1/scopes/{scope}/uploads</c>: begins an upload and reserves its bytes.</summary>
internal sealed class UploadCreate(
    SessionCatalog sessions, SessionAccess access, IStoreDirectory directory, UploadSessionOptions lifetime, IOptions<ClientApiOptions> options, TimeProvider time)
{
    /// <summary>Smallest part: a smaller one costs more rows than bytes (S2).</summary>
    public const int LeastChunk = 64 << 10;

    /// <summary>Largest part (design, Words).</summary>
    public const int MostChunk = 64 << 20;

    /// <summary>Most parts: their list still fits an answer.</summary>
    public const int MostParts = 1_000_000;

    private const int MaxContentType = 255;

    /// <summary>
    /// Steps: (1) the scope; (2) every field; (3) what cannot end well is refused before anything is reserved; (4) the row.
    /// </summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        (var body, problem) = await call.ReadBodyAsync();
        if (body is null)
            return problem!;
        var begin = Read(body, call, scope);
        if (call.Check(body, out var operation) is { } refused)
            return refused;
        if (begin!.Size > call.Tenant.Settings.MaxFileBytes)
            return BodyReceiver.TooLarge(call.Tenant.Settings.MaxFileBytes);
        var stores = new ScopeStores(call.Topology, scope.Id, directory);
        if (begin.Size != 0 && stores.WriteCandidates().Length == 0)
            return ChunkPlacer.NoStore(stores, full: false, failed: false);

        var created = await sessions.CreateAsync(begin with { Operation = operation }, CancellationToken.None);
        if (Refusal(created) is { } denied)
            return denied;
        await access.WatchAsync(call.TenantId);
        var session = created.Session!;
        var id = session.Upload.ToString();
        return ApiResults.Json(
            new UploadBegunView(id, session.ChunkSize, session.ExpectedChunks, session.Expires),
            UploadsJson.Default.UploadBegunView,
            StatusCodes.Status201Created,
            $"{call.Http.Request.PathBase}{ApiEndpoints.Root}/uploads/{id}");
    }

    /// <summary>The refusal of a session's beginning; null when it began.</summary>
    public static Problem? Refusal(SessionCreated created)
    {
        if (created.Mismatch)
            return new Problem(ProblemKinds.Conflict, $"The {OperationKeys.Header} was used for another request.");
        return created.Status == UploadStatus.Ok
            ? null
            : UploadRefusals.Of(new UploadBegun { Status = created.Status, Limit = created.Limit, Used = created.Used });
    }

    /// <summary>A size for parts where the client leaves it to us: the usual one, larger for what would have too many parts.</summary>
    public int DefaultChunk(long? size)
    {
        long chunk = options.Value.ChunkBytes;
        while (chunk < MostChunk && size / chunk >= MostParts / 10)
            chunk *= 2;
        return (int)chunk;
    }

    private NewSession? Read(JsonRequest body, ApiCall call, ScopeInfo scope)
    {
        var path = ReadPath(body);
        var size = body.Number("size", min: 0);
        var chunkSize = body.Int32("chunkSize", min: LeastChunk, max: MostChunk);
        if (chunkSize is { } given && !int.IsPow2(given))
            body.Error("chunkSize", $"chunkSize is a power of two from {LeastChunk} to {MostChunk}.");
        if (size / (chunkSize ?? DefaultChunk(size)) >= MostParts)
            body.Error("size", $"An upload has at most {MostParts} parts: choose a larger chunkSize.");
        ChunkHash? sha256 = null;
        if (body.Text("sha256") is { } hex)
        {
            if (ChunkHash.TryParse(hex, out var hash))
                sha256 = hash;
            else
                body.Error("sha256", "sha256 is 64 hexadecimal digits.");
        }

        var contentType = body.Text("contentType", maxLength: MaxContentType);
        if (contentType is not null && (contentType.Length == 0 || contentType.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            body.Error("contentType", $"contentType is 1 to {MaxContentType} visible ASCII characters.");
        var ifMatch = body.Text("ifMatch");
        var modified = body.Time("modified");
        return path is null
            ? null
            : new NewSession
            {
                Tenant = call.TenantId,
                Scope = scope.Id,
                Upload = new UploadId(Guid.CreateVersion7(time.GetUtcNow())),
                Path = path,
                Size = size,
                ChunkSize = chunkSize ?? DefaultChunk(size),
                Sha256 = sha256,
                ContentType = contentType,
                Modified = modified,
                IfMatch = ifMatch?.Trim('"'),
                Expires = time.GetUtcNow() + lifetime.Lifetime,
            };
    }

    private static FilePath? ReadPath(JsonRequest body)
    {
        if (body.Text("path", required: true) is not { } text)
            return null;
        if (FilePath.TryParse(text, out var path, out var reason))
            return path;
        body.Error("path", reason);
        return null;
    }
}

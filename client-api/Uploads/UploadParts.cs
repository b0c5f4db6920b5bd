using System.Globalization;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Uploads;

/// <summary>
/// <c>PUT /api/v1/uploads/{id}/chunks/{index}</c>: takes one part in. A part is received whole before anything is asked of the
/// catalog or a store, so that a slow sender holds nothing but its own buffers, and one that breaks off leaves nothing.
/// </summary>
internal sealed class UploadParts(
    SessionCatalog sessions,
    SessionAccess access,
    UploadCatalog uploads,
    ChunkPlacer placer,
    ChunkClaims claims,
    WholeHashes wholes,
    ChunkBufferPool buffers,
    IdleWatch idle,
    ApiMetrics metrics)
{
    /// <summary>Parts up to this size are hashed on the thread that received them: handing over costs more.</summary>
    private const int HashInline = 64 << 10;

    /// <summary>
    /// Steps: (1) the session takes bytes; (2) the index, and how long its part is; (3) receive; (4) the digest; (5) place and
    /// write; (6) say that it is stored; (7) let the hash of the whole have it.
    /// </summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return problem!;
        var session = found.Session;
        if ((SessionAccess.RefuseBytes(session) ?? RefuseKind(session)) is { } refused)
            return refused;
        var (part, wrong) = ReadRequest(call, session);
        if (wrong is not null)
            return wrong;
        var target = access.Target(call, found);
        if (target.Stores.WriteCandidates().Length == 0)
            return ChunkPlacer.NoStore(target, full: false, failed: false);
        await access.TouchAsync(session);

        metrics.Transfer("in", 1);
        using var account = buffers.Open(target.TenantText, BufferUse.Receiving);
        using var receiver = new BodyReceiver(call.Http.Request.BodyReader, account, new BodyLimits(call.Http.Request.ContentLength, null), idle, call.Aborted);
        try
        {
            if (!await receiver.HasMoreAsync())
                return Problem.Invalid("Content-Length", "A part has at least one byte.");
            using var chunk = await receiver.NextAsync(part.Size ?? session.ChunkSize);
            if (!receiver.Ended && await receiver.HasMoreAsync())
                return WrongLength(part, session, null);
            if ((part.Size ?? chunk.Length) != chunk.Length)
                return WrongLength(part, session, chunk.Length);
            if (session.Size is null && TooLong(call, session, part.Index, chunk.Length) is { } tooLong)
                return tooLong;
            var hash = chunk.Length <= HashInline ? chunk.Seal() : await Task.Run(chunk.Seal);
            if (part.Digest is { } digest && digest != hash)
                return new Problem(ProblemKinds.DigestMismatch, "The part that arrived does not have the digest that was sent; it was not stored.")
                    .With("actual", ContentDigest.Format(hash));
            return await StoreAsync(call, session, target, part.Index, chunk, hash);
        }
        finally
        {
            metrics.Received(receiver.Received);
            metrics.Transfer("in", -1);
        }
    }

    private async Task<IResult> StoreAsync(ApiCall call, SessionInfo session, UploadTarget target, int index, ChunkBuffer chunk, ChunkHash hash)
    {
        var claimed = await claims.TryClaimAsync(target, hash, chunk.Length);
        try
        {
            var ask = placer.Ask(target, chunk, index, sizeDeclared: session.Size is not null);
            var outcome = await placer.StoreAsync(target, ask, placed: null, (store, key) => store.PutAsync(key, chunk, CancellationToken.None));
            if (outcome.Problem is not null)
                return (await access.FindAsync(call, session.Upload)).Problem ?? outcome.Problem;
            if (outcome.Written is { } written
                && !await uploads.ChunksWrittenAsync(session.Upload, [written], CancellationToken.None)
                && await LostAsync(call, session, index) is { } lost)
                return lost;
        }
        finally
        {
            if (claimed)
                await claims.ReleaseAsync(target, hash);
        }

        if (session.Sha256 is not null)
            await wholes.AppendAsync(session, target, index, chunk);
        return ApiResults.Json(new PartView(index, chunk.Length, hash.ToString()), UploadsJson.Default.PartView);
    }

    /// <summary>The copy that was written is not counted on: the session has ended, or another request was faster with the same part.</summary>
    private async Task<Problem?> LostAsync(ApiCall call, SessionInfo session, int index)
    {
        var (found, problem) = await access.FindAsync(call, session.Upload);
        if (found is null)
            return problem;
        if (found.Session.State == SessionState.Completed)
            return null;
        var parts = await sessions.ReadPartsAsync(call.TenantId, session.Upload, index, 1, CancellationToken.None);
        return parts is [{ Present: true } part] && part.Index == index
            ? null
            : Problem.Unavailable("The part was not kept; send it again.");
    }

    private static Problem? RefuseKind(SessionInfo session) =>
        session.Kind == SessionKind.Parts ? null : new Problem(ProblemKinds.Conflict, "This upload is a tus upload: its bytes come by PATCH.");

    private static (Part Part, Problem? Problem) ReadRequest(ApiCall call, SessionInfo session)
    {
        var count = session.ExpectedChunks ?? UploadCreate.MostParts;
        if (!int.TryParse(call.Route("index"), NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= count)
            return (default, Problem.Invalid("index", $"The index of a part of this upload is a whole number from 0 to {count - 1}."));
        var request = call.Http.Request;
        if (request.Headers.ContentEncoding.Count > 0 && !string.Equals(request.Headers.ContentEncoding, "identity", StringComparison.OrdinalIgnoreCase))
            return (default, new Problem(ProblemKinds.UnsupportedMediaType, "Content is stored as it is: send it without Content-Encoding."));
        ChunkHash? digest = null;
        if (request.Headers.TryGetValue("Content-Digest", out var field) && !ContentDigest.TryParse(field, out digest, out var reason))
            return (default, Problem.Invalid("Content-Digest", reason));

        var part = new Part(index, session.SizeOf(index), digest);
        if (request.ContentLength is { } length && (length > session.ChunkSize || (part.Size is { } size && size != length)))
            return (default, WrongLength(part, session, length));
        if (session.Size is null && TooLong(call, session, index, 1) is { } tooLong)
            return (default, tooLong);
        return (part, null);
    }

    private static Problem WrongLength(Part part, SessionInfo session, long? length) =>
        Problem.Invalid("Content-Length", part.Size is { } size
                ? $"Part {part.Index} of this upload has exactly {size} bytes."
                : $"A part of this upload has at most {session.ChunkSize} bytes.")
            .With("expected", part.Size ?? session.ChunkSize).With("length", length);

    private static Problem? TooLong(ApiCall call, SessionInfo session, int index, int length) =>
        ((long)index * session.ChunkSize) + length > call.Tenant.Settings.MaxFileBytes
            ? BodyReceiver.TooLarge(call.Tenant.Settings.MaxFileBytes)
            : null;

    /// <param name="Index">Its place.</param>
    /// <param name="Size">Its bytes; null where that is not known in advance.</param>
    /// <param name="Digest">What the client says that its hash is.</param>
    private readonly record struct Part(int Index, int? Size, ChunkHash? Digest);
}

using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Uploads;

/// <summary>What is known of uploads: one, those of a scope, and which parts have to be sent; and their end without a file.</summary>
internal sealed class UploadFacts(SessionCatalog sessions, SessionAccess access, WholeHashes wholes, ISiloContext silo)
{
    /// <summary>Parts of one probe; their JSON fits the largest body.</summary>
    private const int MostProbed = 10_000;

    /// <summary>Parts of one transaction of a probe.</summary>
    private const int ProbePage = 256;

    /// <summary>Manifest rows of one read.</summary>
    private const int PageSize = 1_000;

    /// <summary><c>GET /api/v1/uploads/{id}</c>.</summary>
    public async Task<IResult> ShowAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return problem!;
        var received = new List<IndexRange>();
        long bytes = found.Session.State == SessionState.Completed ? found.Session.Result?.Size ?? 0 : 0;
        for (var next = 0; found.Session.State == SessionState.Open;)
        {
            var page = await sessions.ReadPartsAsync(call.TenantId, found.Session.Upload, next, PageSize, call.Aborted);
            foreach (var part in page)
            {
                next = part.Index + 1;
                if (part.Present)
                {
                    bytes += part.Size;
                    Extend(received, part.Index);
                }
            }

            if (page.Count < PageSize)
                break;
        }

        return ApiResults.Json(View(found.Session, found.Scope, received, bytes), UploadsJson.Default.UploadView);
    }

    /// <summary><c>GET /api/v1/scopes/{scope}/uploads</c>.</summary>
    public async Task<IResult> ListAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        var page = PageRequest.From(call.Query);
        UploadId? after = null;
        if (page.After is { } text)
        {
            if (!Guid.TryParseExact(text, "N", out var id))
                return Problem.Invalid("after", "after is the next of the page before.");
            after = new UploadId(id);
        }

        var found = await sessions.ListAsync(call.TenantId, scope.Id, after, page.Limit + 1, call.Aborted);
        var items = found.Take(page.Limit).Where(static session => session.State == SessionState.Open).Select(session => View(session, scope, null, session.Received)).ToList();
        var next = found.Count > page.Limit ? found[page.Limit - 1].Upload.ToString() : null;
        return ApiResults.Json(new UploadPage(items, next), UploadsJson.Default.UploadPage);
    }

    /// <summary><c>POST /api/v1/uploads/{id}/probe</c> (D18, S6).</summary>
    public async Task<IResult> ProbeAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return problem!;
        (var body, problem) = await call.ReadBodyAsync();
        if (body is null)
            return problem!;
        var session = found.Session;
        var parts = ReadParts(body, session);
        if (body.ToProblem() is { } wrong)
            return wrong;
        if (SessionAccess.RefuseBytes(session) is { } refused)
            return refused;
        if (session.Kind != SessionKind.Parts)
            return new Problem(ProblemKinds.Conflict, "This upload is a tus upload: its bytes come by PATCH.");
        await access.TouchAsync(session);
        var missing = new List<int>();
        foreach (var page in parts.Chunk(ProbePage))
        {
            var answer = await sessions.ProbeAsync(call.TenantId, found.Scope.Id, session.Upload, page, silo.Epoch, call.Aborted);
            missing.AddRange(answer.Missing);
            if (answer.Refused is { } denied)
                return (await access.FindAsync(call, session.Upload)).Problem ?? UploadRefusals.Of(denied);
        }

        return ApiResults.Json(new ProbeView(missing), UploadsJson.Default.ProbeView);
    }

    /// <summary><c>DELETE /api/v1/uploads/{id}</c>: bytes and quota are given back. A completed upload's file stays.</summary>
    public async Task<IResult> AbortAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return problem!;
        if (found.Session.State == SessionState.Completed)
            return new Problem(ProblemKinds.Conflict, "The upload is complete: its file is deleted like any other.");
        await access.EndAsync(found.Session, SessionState.Aborted);
        wholes.Forget(found.Session.Upload);
        return ApiResults.NoContent;
    }

    private static List<ProbedPart> ReadParts(JsonRequest body, SessionInfo session)
    {
        var parts = new List<ProbedPart>();
        if (body.Raw("chunks") is not { ValueKind: JsonValueKind.Array } list)
        {
            body.Error("chunks", "chunks is a list of objects with index and sha256.");
            return parts;
        }

        var count = session.ExpectedChunks ?? UploadCreate.MostParts;
        foreach (var item in list.EnumerateArray())
        {
            if (parts.Count == MostProbed)
            {
                body.Error("chunks", $"A probe asks for at most {MostProbed} parts.");
                return parts;
            }

            if (item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("index", out var index) || index.ValueKind != JsonValueKind.Number || !index.TryGetInt32(out var number) || number < 0 || number >= count
                || !item.TryGetProperty("sha256", out var sha256) || sha256.ValueKind != JsonValueKind.String || !ChunkHash.TryParse(sha256.GetString(), out var hash))
            {
                body.Error("chunks", $"Each of chunks has an index from 0 to {count - 1} and a sha256 of 64 hexadecimal digits.");
                return parts;
            }

            parts.Add(new ProbedPart(number, hash));
        }

        return parts;
    }

    private static void Extend(List<IndexRange> ranges, int index)
    {
        if (ranges.Count > 0 && ranges[^1].Last == index - 1)
            ranges[^1] = ranges[^1] with { Last = index };
        else
            ranges.Add(new IndexRange(index, index));
    }

    private static UploadView View(SessionInfo session, ScopeInfo scope, List<IndexRange>? received, long bytes) => new(
        session.Upload.ToString(),
        scope.Name,
        session.Path?.Text,
        session.State switch { SessionState.Completed => "completed", SessionState.Refused => "refused", _ => "open" },
        session.Size,
        session.ChunkSize,
        session.ExpectedChunks,
        received,
        bytes,
        session.Created,
        session.Expires);
}

using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary>Turns a change of the namespace that was done into its answer.</summary>
internal static class WrittenResult
{
    /// <summary>201 for a new file, 200 for a new version of one.</summary>
    public static IResult Of(HttpContext context, FilePath path, NamespaceResult result, int? status = null)
    {
        var etag = result.Etag ?? "";
        context.Response.Headers.ETag = $"\"{etag}\"";
        var written = new WrittenFile(
            (result.Path ?? path).Text,
            result.Version,
            result.Size,
            etag,
            result.Sha256?.ToString(),
            new ChunkCounts(result.ChunkCount, result.ChunkCount - result.Deduplicated, result.Deduplicated),
            result.Sequence);
        status ??= result.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return ApiResults.Json(written, FilesJson.Default.WrittenFile, status.Value);
    }
}

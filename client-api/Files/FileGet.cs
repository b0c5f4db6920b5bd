using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.Stores;
using Granary.Stores;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary><c>GET</c> and <c>HEAD</c> of a file: whole, in ranges, or only whether it changed.</summary>
internal sealed class FileGet(
    NamespaceCatalog names,
    IStoreDirectory directory,
    ChunkReader reader,
    CheckedChunks ranges,
    ChunkBufferPool buffers,
    PresignedLinks links,
    ApiMetrics metrics)
{
    /// <summary>
    /// Steps: (1) find the version, in one read; (2) headers that tell what it is; (3) conditions (RFC 9110, section 13.2.2);
    /// (4) a link instead of the bytes where the client would like one; (5) ranges; (6) for HEAD that is all, else send.
    /// </summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        var version = call.Query.Number("version", 1, long.MaxValue);
        var found = await names.FindAsync(call.TenantId, target.Scope.Id, target.Path, version, call.Aborted);
        if (found.File is not { Deleted: false } file)
            return Problem.NotFound(version is null ? "There is no such file." : "There is no such file, or no such version of it.");
        await call.EnsureTopologyAsync(found.TopologyVersion);

        var http = call.Http;
        FileHeaders.Describe(http.Response, file);
        switch (Conditions.Evaluate(http.Request, file))
        {
            case StatusCodes.Status412PreconditionFailed:
                FileHeaders.Clear(http.Response);
                return new Problem(ProblemKinds.PreconditionFailed, "The file is not in the state that the request demands.");
            case StatusCodes.Status304NotModified:
                http.Response.StatusCode = StatusCodes.Status304NotModified;
                http.Response.Headers.ContentType = default;
                return ApiResults.Written;
        }

        var source = new ReadSource(call.TenantId, call.TenantId.ToString(), new ScopeStores(call.Topology, target.Scope.Id, directory));
        if (links.TryMake(http.Request, source, file, found.FirstChunks, out var link))
            return Redirect(http, link);

        var isHead = HttpMethods.IsHead(http.Request.Method);
        var plan = isHead ? DownloadPlan.Whole(file) : DownloadPlan.Make(http.Request, file);
        if (plan.Problem is not null)
        {
            FileHeaders.Clear(http.Response);
            http.Response.Headers.ContentRange = $"bytes */{file.Size}";
            return plan.Problem;
        }

        if (isHead || file.Size == 0)
        {
            plan.Describe(http.Response);
            return ApiResults.Written;
        }

        return await SendAsync(call, source, file, found, plan);
    }

    private async Task<IResult> SendAsync(ApiCall call, ReadSource source, FileVersionInfo file, FileLookup found, DownloadPlan plan)
    {
        var http = call.Http;
        var account = buffers.Open(source.TenantText, BufferUse.Sending);
        using var download = new Download(
            new ManifestReader(names, call.TenantId, file, found.FirstChunks), source, reader, ranges, account, metrics);
        metrics.Transfer("out", 1);
        try
        {
            if (!await download.PrepareAsync(plan.Parts, call.Aborted))
            {
                FileHeaders.Clear(http.Response);
                return Problem.Unavailable("No copy of the file's content can be read now.");
            }

            plan.Describe(http.Response);
            if (!await download.SendAsync(http.Response.BodyWriter, http))
            {
                metrics.Aborted("out");
                http.Abort();
            }
        }
        finally
        {
            metrics.Transfer("out", -1);
        }

        return ApiResults.Written;
    }

    private static IResult Redirect(HttpContext http, Uri link)
    {
        http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        http.Response.Headers.Location = link.AbsoluteUri;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentType = default;
        http.Response.ContentLength = 0;
        return ApiResults.Written;
    }
}

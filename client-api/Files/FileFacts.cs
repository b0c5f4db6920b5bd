using System.Globalization;
using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Content;
using Granary.ClientApi.Holds;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary>What can be asked about a file instead of its bytes: <c>?versions</c>, <c>?manifest</c>, <c>?explain</c>.</summary>
internal sealed class FileFacts(NamespaceCatalog names, HoldCatalog holds, IStoreDirectory directory, CorruptCopies corrupt)
{
    /// <summary>Chunks of a manifest in one answer, unless the client asks for fewer.</summary>
    private const int ManifestLimit = 10_000;

    /// <summary>Chunks that are explained in one answer: each costs several lookups.</summary>
    private const int ExplainLimit = 1_000;

    /// <summary>Is one of the three asked for?</summary>
    public static bool Asked(ApiCall call)
    {
        var query = call.Query;
        return !query.IsEmpty && (query.Has("versions") || query.Has("manifest") || query.Has("explain"));
    }

    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        if (call.Query.Has("versions"))
            return await VersionsAsync(call, target);
        var version = call.Query.Number("version", 1, long.MaxValue);
        var found = await names.FindAsync(call.TenantId, target.Scope.Id, target.Path, version, call.Aborted);
        if (found.File is not { Deleted: false } file)
            return Problem.NotFound("There is no such file, or no such version of it.");
        await call.EnsureTopologyAsync(found.TopologyVersion);
        return call.Query.Has("manifest") ? await ManifestAsync(call, file) : await ExplainAsync(call, target, file);
    }

    private async Task<IResult> VersionsAsync(ApiCall call, FileTarget target)
    {
        var limit = (int)(call.Query.Number("limit", 1, PageRequest.MaxLimit) ?? PageRequest.MaxLimit);
        var before = call.Query.Number("after", 1, long.MaxValue);
        var versions = await names.VersionsAsync(call.TenantId, target.Scope.Id, target.Path, before, limit + 1, call.Aborted);
        if (versions.Count == 0 && before is null)
            return Problem.NotFound("There is no such file.");
        var held = LegalHolds.NameOf(target.Scope, await holds.FindAsync(call.TenantId, target.Scope.Id, target.Path, call.Aborted));
        var items = versions.Take(limit)
            .Select(v => new VersionItem(v.Version, v.Size, v.Deleted ? null : v.Etag, v.Sha256?.ToString(), v.Modified, v.Committed, v.Deleted, held))
            .ToArray();
        return ApiResults.Json(new VersionPage(items, versions.Count > limit ? Text(items[^1].Version) : null), FilesJson.Default.VersionPage);
    }

    private async Task<IResult> ManifestAsync(ApiCall call, FileVersionInfo file)
    {
        var (from, limit) = Window(call, ManifestLimit);
        var entries = await names.ManifestAsync(call.TenantId, file.Manifest, from, limit, call.Aborted);
        var chunks = entries.Select(entry => new ManifestChunk(entry.Index, entry.Hash.ToString(), entry.Size)).ToArray();
        return ApiResults.Json(
            new ManifestPage(file.Path.Text, file.Version, file.Size, file.Etag, chunks, Next(from, chunks.Length, file.ChunkCount)),
            FilesJson.Default.ManifestPage);
    }

    private async Task<IResult> ExplainAsync(ApiCall call, FileTarget target, FileVersionInfo file)
    {
        var (from, limit) = Window(call, ExplainLimit);
        var chunks = await names.ExplainAsync(call.TenantId, target.Scope.Id, target.Path, file.Version, from, limit, call.Aborted);
        if (chunks is null)
            return Problem.NotFound("There is no such file, or no such version of it.");
        var seesOthers = call.Caller.Has(Rights.Admin) && call.Caller.SeesAllScopes;
        var explainer = new CopyExplainer(call.Topology, target.Scope.Id, directory, corrupt, seesOthers);
        var items = chunks.Select(chunk => new ExplainedItem(
            chunk.Index,
            chunk.Hash.ToString(),
            chunk.Size,
            chunk.ReferencesHere,
            seesOthers ? chunk.ReferencesElsewhere.Sum(other => other.Value) : null,
            chunk.UnreferencedSince,
            explainer.Explain(chunk))).ToArray();
        return ApiResults.Json(
            new ExplanationPage(file.Path.Text, file.Version, items, Next(from, items.Length, file.ChunkCount)), FilesJson.Default.ExplanationPage);
    }

    /// <summary>Pages of chunks go by index: <c>after</c> is the index of the last one that was given.</summary>
    private static (int From, int Limit) Window(ApiCall call, int max)
    {
        var after = call.Query.Number("after", 0, int.MaxValue - 1);
        return (after is { } last ? (int)last + 1 : 0, (int)(call.Query.Number("limit", 1, max) ?? max));
    }

    private static string? Next(int from, int given, int total) => given > 0 && from + given < total ? Text(from + given - 1) : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

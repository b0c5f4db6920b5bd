using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Granary.Crash.Tests.Load;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Checks;

/// <summary>Reads everything that a scope must hold, through the API, and compares it byte for byte (by hash).</summary>
internal static class ReadBack
{
    /// <summary>Current files, kept versions, what is gone, and the listing.</summary>
    public static async Task<IReadOnlyCollection<string>> CheckAsync(ApiClient api, ScopeModel scope, Contents contents)
    {
        var wrong = new ConcurrentBag<string>();
        var current = scope.Current.ToArray();
        var known = new ConcurrentDictionary<string, string>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        await Parallel.ForEachAsync(current, parallel, async (file, _) =>
        {
            var read = await api.GetAsync(scope.Name, file.Path);
            var etag = read is { } found ? contents.TagOf(found.Bytes, found.Etag) : null;
            if (etag is null || etag != read!.Value.Etag || !file.Version.Etags.Contains(etag))
            {
                wrong.Add($"{scope.Name}:{file.Path} v{file.Version.Version} must be {string.Join(" or ", file.Version.Etags)}; it has tag {read?.Etag ?? "(none)"}, bytes {etag}");
            }
            else if (file.Version.Etags.Count > 1)
            {
                known[file.Path] = etag;
            }
        });
        foreach (var (path, etag) in known)
        {
            scope.Learn(path, etag);
        }

        await Parallel.ForEachAsync(scope.Kept.ToArray(), parallel, async (file, _) =>
        {
            var read = await api.GetAsync(scope.Name, file.Path, file.Version.Version);
            if (read is not { } found || !file.Version.Etags.Contains(contents.TagOf(found.Bytes, found.Etag)))
            {
                wrong.Add($"{scope.Name}:{file.Path} must keep v{file.Version.Version} as {string.Join(" or ", file.Version.Etags)}; it has {read?.Etag ?? "nothing"}");
            }
        });
        await Parallel.ForEachAsync(scope.Gone.ToArray(), parallel, async (path, _) =>
        {
            if (await api.GetAsync(scope.Name, path) is { } found)
            {
                wrong.Add($"{scope.Name}:{path} was deleted and has tag {found.Etag}");
            }
        });
        await CompareListingAsync(api, scope, wrong);
        return wrong;
    }

    private static async Task CompareListingAsync(ApiClient api, ScopeModel scope, ConcurrentBag<string> wrong)
    {
        var listed = new Dictionary<string, (long Version, long Size, string Etag)>(StringComparer.Ordinal);
        string? after = null;
        do
        {
            var page = JsonNode.Parse(await api.Http.GetStringAsync($"api/v1/scopes/{scope.Name}/files?limit=50{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}"))!;
            foreach (var item in page["items"]!.AsArray())
            {
                listed.Add((string)item!["path"]!, ((long)item["version"]!, (long)item["size"]!, (string)item["etag"]!));
            }

            after = (string?)page["next"];
        }
        while (after is not null);

        var must = scope.Current.ToDictionary(static file => file.Path, static file => file.Version, StringComparer.Ordinal);
        foreach (var path in must.Keys.Union(listed.Keys).Order(StringComparer.Ordinal))
        {
            var wanted = must.GetValueOrDefault(path);
            if (!listed.TryGetValue(path, out var found) || wanted is null || found.Version != wanted.Version || found.Size != wanted.Size || !wanted.Etags.Contains(found.Etag))
            {
                wrong.Add($"{scope.Name}:{path} must be {wanted?.ToString() ?? "absent"} and is listed as {found}");
            }
        }
    }
}

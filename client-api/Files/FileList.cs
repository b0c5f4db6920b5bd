using Granary.Catalog;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary><c>GET /api/v1/scopes/{scope}/files</c>: current versions in byte order of their paths, page by page.</summary>
internal sealed class FileList(NamespaceCatalog names)
{
    private const int MaxText = 1024;

    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return problem!;
        var page = PageRequest.From(call.Query);
        var prefix = call.Query.Text("prefix") ?? "";
        var delimiter = call.Query.Text("delimiter");
        foreach (var (name, text) in (ReadOnlySpan<(string, string?)>)[("prefix", prefix), ("delimiter", delimiter), ("after", page.After)])
        {
            if (text?.Length > MaxText)
                return Problem.Invalid(name, $"{name} has at most {MaxText} characters.");
        }

        var listing = await names.ListAsync(call.TenantId, scope.Id, prefix, delimiter, page.After, page.Limit, call.Aborted);
        var items = new FileItem[listing.Items.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = Item(listing.Items[i]);
        return ApiResults.Json(new FilePage(items, listing.Prefixes, listing.Next), FilesJson.Default.FilePage);
    }

    private static FileItem Item(FileVersionInfo file) =>
        new(file.Path.Text, file.Size, file.Etag, file.Sha256?.ToString(), file.Version, file.Modified, file.ContentType);
}

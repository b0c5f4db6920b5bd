using System.Diagnostics.CodeAnalysis;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Files;

/// <summary>
/// Short-lived links to the store itself, for clients that ask with <c>Accept-Redirect: presigned</c> (D14). Only for a file
/// of one chunk whose best copy lies in a store that can make them; everybody else gets the bytes.
/// </summary>
internal sealed class PresignedLinks(IStoreDirectory directory, CorruptCopies corrupt, IOptions<ClientApiOptions> options)
{
    private const string Header = "Accept-Redirect";

    /// <summary>Makes a link when it was asked for and can be made.</summary>
    public bool TryMake(
        HttpRequest request, ReadSource source, FileVersionInfo file, IReadOnlyList<ChunkWithCopies> chunks, [NotNullWhen(true)] out Uri? link)
    {
        link = null;
        if (!request.Headers.TryGetValue(Header, out var asked) || !asked.ToString().Contains("presigned", StringComparison.OrdinalIgnoreCase))
            return false;
        if (file.ChunkCount != 1 || chunks.Count != 1)
            return false;
        foreach (var copy in source.Stores.ReadOrder(chunks[0].Copies))
        {
            if (!directory.IsUsable(copy.Store) || corrupt.Contains(copy.Location) || !directory.TryGet(copy.Store, out var store))
                continue;
            link = store.Find<IPresignedReads>()?.PresignGet(
                new LocationKey(source.TenantText, chunks[0].Hash, copy.Location.Value), file.ContentType, options.Value.PresignedLifetime);
            return link is not null;
        }

        return false;
    }
}

using Granary.Admin.Api;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>Finds one version of one file; what is missing is refused in the server's own words.</summary>
internal static class VersionLookup
{
    /// <summary>The current version, or the one asked for.</summary>
    /// <exception cref="ApiException">404: there is no such file, or no such version is kept.</exception>
    public static async Task<FileItem> FindAsync(GranaryClient client, RemotePath place, long? version, CancellationToken cancellationToken)
    {
        if (version is not { } number)
        {
            return await client.FindAsync(place.Scope, place.Path, cancellationToken)
                ?? throw Missing($"there is no file {place}.");
        }

        await foreach (var page in client.PagesAsync<FileVersion>(RequestTarget.File(place.Scope, place.Path), "versions", cancellationToken))
        {
            if (page.FirstOrDefault(item => item.Version == number) is { Deleted: false, Size: { } size, Etag: { } etag } found)
                return new FileItem(place.Path, size, etag, null, number, found.Modified, null);
        }

        throw Missing($"version {number} of {place} is not kept, or is a deletion; 'granary versions {place}' lists what is kept.");
    }

    private static ApiException Missing(string detail) => new(404, new Problem(null, null, 404, "not-found", detail));
}

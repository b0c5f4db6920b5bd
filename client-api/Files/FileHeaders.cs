using System.Globalization;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Granary.ClientApi.Files;

/// <summary>The headers that say what a version is.</summary>
internal static class FileHeaders
{
    /// <summary>The number of the version that was sent.</summary>
    public const string Version = "X-Granary-Version";

    /// <summary>The client's modification time to the precision it gave; <c>Last-Modified</c> has seconds only.</summary>
    public const string Modified = UploadHeaders.ModifiedHeader;

    private const string DigestHeader = "Repr-Digest";

    /// <summary>Sets them all.</summary>
    public static void Describe(HttpResponse response, FileVersionInfo file)
    {
        var headers = response.Headers;
        headers.ETag = $"\"{file.Etag}\"";
        headers.LastModified = HeaderUtilities.FormatDate(file.Modified);
        headers.AcceptRanges = "bytes";
        headers.ContentType = file.ContentType ?? "application/octet-stream";
        headers.XContentTypeOptions = "nosniff"; // a tenant's file is never to be taken for a page of ours
        headers[Version] = file.Version.ToString(CultureInfo.InvariantCulture);
        headers[Modified] = file.Modified.UtcDateTime.ToString(Http.UtcTimeConverter.Format, CultureInfo.InvariantCulture);
        if (DigestOf(file) is { } digest)
            headers[DigestHeader] = ContentDigest.Format(digest);
    }

    /// <summary>Takes back what would describe a problem's body as the file.</summary>
    public static void Clear(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ETag = default;
        headers.LastModified = default;
        headers.AcceptRanges = default;
        headers.Remove(Version);
        headers.Remove(Modified);
        headers.Remove(DigestHeader);
    }

    /// <summary>SHA-256 of the whole; the tag of a file of one chunk is that as well.</summary>
    private static ChunkHash? DigestOf(FileVersionInfo file) =>
        file.Sha256 ?? (file.ChunkCount <= 1 && ChunkHash.TryParse(file.Etag, out var hash) ? hash : null);
}

using System.Globalization;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Content;

/// <summary>What the headers of a PUT say about the content, checked.</summary>
internal sealed class UploadHeaders
{
    /// <summary>Header with which a client keeps its own modification time.</summary>
    public const string ModifiedHeader = "X-Granary-Modified";

    private const int MaxContentType = 255;

    /// <summary>Media type as sent; null when not sent.</summary>
    public string? ContentType { get; private init; }

    /// <summary>Bytes announced; null for a chunked body.</summary>
    public long? Length { get; private init; }

    /// <summary>The digest that the whole content must have; null when none was sent.</summary>
    public ChunkHash? Digest { get; private init; }

    /// <summary>The client's modification time.</summary>
    public DateTimeOffset? Modified { get; private init; }

    /// <summary>
    /// Reads the headers. Steps: (1) what would change the meaning of the body is refused; (2) media type; (3) digests;
    /// (4) time.
    /// </summary>
    public static (UploadHeaders? Headers, Problem? Problem) Read(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.ContentRange.Count > 0)
            return (null, Problem.Invalid("Content-Range", "A PUT carries a whole file; parts go through an upload session."));
        if (headers.ContentEncoding.Count > 0 && !string.Equals(headers.ContentEncoding, "identity", StringComparison.OrdinalIgnoreCase))
            return (null, new Problem(ProblemKinds.UnsupportedMediaType, "Content is stored as it is: send it without Content-Encoding."));

        var contentType = headers.ContentType.Count > 0 ? headers.ContentType.ToString() : null;
        if (contentType is not null && (contentType.Length is 0 or > MaxContentType || contentType.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            return (null, Problem.Invalid("Content-Type", $"Content-Type is 1 to {MaxContentType} visible ASCII characters."));

        if (!TryReadDigest(headers, out var digest, out var problem))
            return (null, problem);
        DateTimeOffset? modified = null;
        if (headers.TryGetValue(ModifiedHeader, out var time))
        {
            if (!TryParseTime(time.ToString(), out var parsed))
                return (null, Problem.Invalid(ModifiedHeader, $"{ModifiedHeader} is a time such as 2026-01-31T12:00:00.5Z."));
            modified = parsed;
        }

        return (new UploadHeaders { ContentType = contentType, Length = request.ContentLength, Digest = digest, Modified = modified }, null);
    }

    /// <summary>A time in ISO 8601 with <c>Z</c> or an offset, to 100 ns.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture, Styles, out time)
            || DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture, Styles, out time);
    }

    private static bool TryReadDigest(IHeaderDictionary headers, out ChunkHash? digest, out Problem? problem)
    {
        problem = null;
        digest = null;
        foreach (var name in (ReadOnlySpan<string>)["Content-Digest", "Repr-Digest"])
        {
            if (!headers.TryGetValue(name, out var field))
                continue;
            if (!ContentDigest.TryParse(field, out var found, out var reason))
            {
                problem = Problem.Invalid(name, reason);
                return false;
            }

            if (digest is not null && found is not null && digest != found)
            {
                problem = new Problem(ProblemKinds.DigestMismatch, "Content-Digest and Repr-Digest of a whole file are the same.");
                return false;
            }

            digest ??= found;
        }

        return true;
    }
}

using Granary.Catalog;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Granary.ClientApi.Files;

/// <summary>
/// Conditions of a read in the order of RFC 9110, section 13.2.2: "1. When If-Match is present, evaluate it. 2. When If-Match
/// is not present, and If-Unmodified-Since is present, evaluate that. 3. When If-None-Match is present, evaluate it. 4. When
/// the method is GET or HEAD, If-None-Match is not present, and If-Modified-Since is present, evaluate that."
/// </summary>
internal static class Conditions
{
    /// <summary>200, 304 or 412. A header that is not valid is ignored, as for a reader it only saves work.</summary>
    public static int Evaluate(HttpRequest request, FileVersionInfo file)
    {
        var headers = request.Headers;
        if (headers.IfMatch.Count > 0)
        {
            if (!Matches(headers.IfMatch, "If-Match", strong: true, file))
                return StatusCodes.Status412PreconditionFailed;
        }
        else if (TryDate(headers.IfUnmodifiedSince, out var unmodified) && Seconds(file) > unmodified)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        if (headers.IfNoneMatch.Count > 0)
        {
            if (Matches(headers.IfNoneMatch, "If-None-Match", strong: false, file))
                return StatusCodes.Status304NotModified;
        }
        else if (TryDate(headers.IfModifiedSince, out var modified) && Seconds(file) <= modified)
        {
            return StatusCodes.Status304NotModified;
        }

        return StatusCodes.Status200OK;
    }

    /// <summary>
    /// <c>If-Range</c>: "If the validator does not match, the server MUST ignore the Range header field." Tags compare
    /// strongly; a date must be exactly the one we sent.
    /// </summary>
    public static bool RangeApplies(HttpRequest request, FileVersionInfo file)
    {
        var field = request.Headers.IfRange;
        if (field.Count == 0)
            return true;
        var text = field.ToString();
        return text.Contains('"', StringComparison.Ordinal)
            ? text == $"\"{file.Etag}\""
            : HeaderUtilities.TryParseDate(text, out var date) && date == Seconds(file);
    }

    private static bool Matches(Microsoft.Extensions.Primitives.StringValues field, string name, bool strong, FileVersionInfo file) =>
        EntityTags.TryReadList(field, name, strong, out var tags, out var any, out _) && (any || tags!.Contains(file.Etag));

    private static bool TryDate(Microsoft.Extensions.Primitives.StringValues field, out DateTimeOffset date)
    {
        date = default;
        return field.Count == 1 && HeaderUtilities.TryParseDate(field[0]!, out date);
    }

    /// <summary>The time as <c>Last-Modified</c> says it.</summary>
    private static DateTimeOffset Seconds(FileVersionInfo file) => DateTimeOffset.FromUnixTimeSeconds(file.Modified.ToUnixTimeSeconds());
}

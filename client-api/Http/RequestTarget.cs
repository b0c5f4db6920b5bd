using System.Diagnostics.CodeAnalysis;
using System.Text.Unicode;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.ClientApi.Http;

/// <summary>
/// The request target as it was sent. Servers tidy paths before the application sees them (dot segments, some escapes), so
/// the rules for paths are checked here, on the raw form (http-api, Paths).
/// </summary>
internal static class RequestTarget
{
    /// <summary>Bytes that the fixed part of a route and a scope's name may have beside a file's path.</summary>
    private const int RouteAllowance = 256;

    private const int FileRouteSlashes = 6;

    /// <summary>The raw target of a request.</summary>
    public static string Raw(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>
    /// Checks the path of a target: no dot segments and no empty segments, raw or encoded, no NUL, valid UTF-8, valid percent
    /// signs, not over-long. An asterisk (<c>OPTIONS *</c>) has no path and passes.
    /// </summary>
    /// <param name="rawTarget">The target as sent.</param>
    /// <param name="pathBaseLength">Characters of the path that belong to a proxy's prefix.</param>
    /// <param name="reason">The rule that was broken, as one sentence.</param>
    public static bool IsPathValid(string rawTarget, int pathBaseLength, [NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (rawTarget == "*")
            return true;
        var path = PathOf(rawTarget);
        if (path.IsEmpty || path[0] != '/')
        {
            // An absolute form without a path means the root; an authority form names no resource here.
            reason = path.IsEmpty && rawTarget.Contains("://", StringComparison.Ordinal) ? null : "The request target has no path.";
            return reason is null;
        }

        if (path.Length <= FilePath.MaxBytes && IsPlain(path))
            return true;
        reason = CheckDecoded(path, pathBaseLength);
        return reason is null;
    }

    /// <summary>The file's path in <c>/api/v1/scopes/{scope}/files/{path}</c>: what follows, percent-decoded once.</summary>
    public static bool TryGetFilePath(HttpContext context, out FilePath path, [NotNullWhen(false)] out string? reason)
    {
        var tail = FileTail(PathOf(Raw(context)), context.Request.PathBase.Value?.Length ?? 0);
        Span<byte> decoded = stackalloc byte[FilePath.MaxBytes + 1];
        path = default;
        if (tail.Length > FilePath.MaxBytes * 3 || DecodedLength(tail) > FilePath.MaxBytes)
        {
            reason = $"A path has at most {FilePath.MaxBytes} bytes.";
            return false;
        }

        if (!PercentText.TryDecode(tail, decoded, out var written))
        {
            reason = "A percent sign in a path is followed by two hexadecimal digits.";
            return false;
        }

        return FilePath.TryParse(decoded[..written], out path, out reason);
    }

    private static bool IsPlain(ReadOnlySpan<char> path) =>
        path.IndexOfAny('%', '\0') < 0
        && !path.Contains("//", StringComparison.Ordinal)
        && !path.Contains("/.", StringComparison.Ordinal)
        && (path.Length == 1 || path[^1] != '/');

    private static string? CheckDecoded(ReadOnlySpan<char> path, int pathBaseLength)
    {
        var file = FileTail(path, pathBaseLength);
        var limit = file.IsEmpty ? FilePath.MaxBytes : FilePath.MaxBytes + RouteAllowance;
        if (DecodedLength(file) > FilePath.MaxBytes || DecodedLength(path) > limit)
            return $"A path has at most {FilePath.MaxBytes} bytes.";
        if (path.Length == 1)
            return null;

        Span<byte> decoded = stackalloc byte[FilePath.MaxBytes + RouteAllowance];
        if (!PercentText.TryDecode(path[1..], decoded, out var written))
            return "A percent sign in a path is followed by two hexadecimal digits.";
        return CheckBytes(decoded[..written]);
    }

    private static string? CheckBytes(ReadOnlySpan<byte> path)
    {
        if (path.Contains((byte)0))
            return "A path holds no NUL.";
        if (!Utf8.IsValid(path))
            return "A path is valid UTF-8.";
        foreach (var range in path.Split((byte)'/'))
        {
            var segment = path[range];
            if (segment.IsEmpty)
                return "A path holds no empty segment.";
            if (segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8))
                return "A path holds no dot segment.";
        }

        return null;
    }

    /// <summary>The path of an origin-form or absolute-form target, without the query.</summary>
    private static ReadOnlySpan<char> PathOf(string rawTarget)
    {
        var target = rawTarget.AsSpan();
        if (target.Length > 0 && target[0] != '/')
        {
            var authority = target.IndexOf("://", StringComparison.Ordinal);
            if (authority < 0)
                return default;
            target = target[(authority + 3)..];
            var slash = target.IndexOfAny('/', '?');
            target = slash < 0 ? default : target[slash..];
        }

        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    /// <summary>What follows the sixth slash: raw slashes separate routes, <c>%2F</c> does not.</summary>
    private static ReadOnlySpan<char> FileTail(ReadOnlySpan<char> path, int pathBaseLength)
    {
        var rest = path.Length > pathBaseLength ? path[pathBaseLength..] : default;
        for (var slashes = 0; slashes < FileRouteSlashes; slashes++)
        {
            var slash = rest.IndexOf('/');
            if (slash < 0)
                return default;
            rest = rest[(slash + 1)..];
        }

        return rest;
    }

    private static int DecodedLength(ReadOnlySpan<char> encoded) => encoded.Length - (2 * encoded.Count('%'));
}

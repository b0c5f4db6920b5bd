using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Granary.ClientApi.Http;

/// <summary>
/// <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110, section 13.1). "A recipient MUST use the strong comparison function
/// when comparing entity tags for If-Match", "the weak comparison function for If-None-Match".
/// </summary>
internal static class EntityTags
{
    /// <summary>Reads what a writer demands; null when it demands nothing.</summary>
    /// <param name="headers">The request's.</param>
    /// <param name="preconditions">The demands.</param>
    /// <param name="problem">The refusal of a header that is against the rules.</param>
    public static bool TryReadForWrite(IHeaderDictionary headers, out Preconditions? preconditions, [NotNullWhen(false)] out Problem? problem)
    {
        preconditions = null;
        problem = null;
        if (headers.IfUnmodifiedSince.Count > 0)
        {
            problem = Problem.Invalid("If-Unmodified-Since", "Writes take If-Match: a time is too coarse to protect against a lost update.");
            return false;
        }

        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
            return true;
        if (!TryReadList(headers.IfMatch, "If-Match", strong: true, out var ifMatch, out var matchAny, out problem)
            || !TryReadList(headers.IfNoneMatch, "If-None-Match", strong: false, out var ifNone, out var noneAny, out problem))
            return false;
        preconditions = new Preconditions { IfMatch = ifMatch, IfMatchAny = matchAny, IfNoneMatch = ifNone, IfAbsent = noneAny };
        return true;
    }

    /// <summary>Do the demands hold for what is there now? The commit asks the same again, exactly.</summary>
    /// <param name="demands">What the writer demands.</param>
    /// <param name="current">The tag of the current version; null when there is none.</param>
    public static bool Hold(Preconditions demands, string? current) =>
        (!demands.IfMatchAny || current is not null)
        && (demands.IfMatch is null || (current is not null && demands.IfMatch.Contains(current)))
        && (!demands.IfAbsent || current is null)
        && (demands.IfNoneMatch is null || current is null || !demands.IfNoneMatch.Contains(current));

    /// <summary>Reads a list of tags without quotes, or an asterisk.</summary>
    public static bool TryReadList(
        StringValues field, string name, bool strong, out List<string>? tags, out bool any, [NotNullWhen(false)] out Problem? problem)
    {
        tags = null;
        any = false;
        problem = null;
        if (field.Count == 0)
            return true;
        if (field.Count == 1 && field[0]!.AsSpan().Trim(" \t") is "*")
        {
            any = true;
            return true;
        }

        if (!EntityTagHeaderValue.TryParseStrictList(field!, out var parsed))
        {
            problem = Problem.Invalid(name, $"{name} is an asterisk or a list of quoted entity tags.");
            return false;
        }

        tags = [];
        foreach (var tag in parsed)
        {
            if (!tag.IsWeak || !strong)
                tags.Add(tag.Tag.Subsegment(1, tag.Tag.Length - 2).ToString());
        }

        return true;
    }
}

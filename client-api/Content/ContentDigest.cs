using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Primitives;

namespace Granary.ClientApi.Content;

/// <summary>
/// <c>Content-Digest</c> and <c>Repr-Digest</c> (RFC 9530). "The field value is a Dictionary; each member's key is a digest
/// algorithm, its value a Byte Sequence." "A recipient MAY ignore any or all digests": all but sha-256 are ignored here.
/// For a PUT of a whole file both fields speak of the same bytes.
/// </summary>
internal static class ContentDigest
{
    /// <summary>Finds the sha-256 of a field.</summary>
    /// <param name="field">All lines of the field.</param>
    /// <param name="hash">The digest; null when the field has none of that algorithm.</param>
    /// <param name="reason">The rule that was broken when the result is false.</param>
    public static bool TryParse(StringValues field, out ChunkHash? hash, [NotNullWhen(false)] out string? reason)
    {
        hash = null;
        reason = null;
        foreach (var line in field)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var member = line.AsSpan()[range].Trim(" \t");
                if (member.IsEmpty)
                    continue;
                if (!TryParseMember(member, ref hash))
                {
                    reason = "A digest field is a list such as sha-256=:base64:, with 32 bytes for sha-256.";
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>The value of <c>Repr-Digest</c> for a hash.</summary>
    public static string Format(ChunkHash hash)
    {
        Span<byte> bytes = stackalloc byte[ChunkHash.Size];
        hash.CopyTo(bytes);
        return $"sha-256=:{Convert.ToBase64String(bytes)}:";
    }

    private static bool TryParseMember(ReadOnlySpan<char> member, ref ChunkHash? hash)
    {
        var equals = member.IndexOf('=');
        if (equals <= 0)
            return false;
        var key = member[..equals];
        var value = member[(equals + 1)..];
        if (value.Length < 2 || value[0] != ':')
            return false;
        var end = value[1..].IndexOf(':');
        if (end < 0)
            return false;
        var rest = value[(end + 2)..];
        if (!rest.IsEmpty && rest[0] != ';')
            return false;
        if (!key.SequenceEqual("sha-256"))
            return true;

        Span<byte> bytes = stackalloc byte[ChunkHash.Size + 1];
        if (!Convert.TryFromBase64Chars(value.Slice(1, end), bytes, out var written) || written != ChunkHash.Size)
            return false;
        var digest = bytes[..ChunkHash.Size];
        if (digest.IndexOfAnyExcept((byte)0) < 0)
            return false;
        var parsed = ChunkHash.From(digest);
        if (hash is { } earlier && earlier != parsed)
            return false;
        hash = parsed;
        return true;
    }
}

using System.Security.Cryptography;
using System.Text;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>Reads <c>Idempotency-Key</c> (http-api, Repeats).</summary>
public static class OperationKeys
{
    /// <summary>Header name.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Most characters of a key.</summary>
    public const int MaxLength = 200;

    /// <summary>
    /// The key of a request with a fingerprint over method, target and body, so that the same key with another request is
    /// found out. Null when the client sent none.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="body">A small body; empty where the body is a file's content, which a repeat need not send again.</param>
    /// <param name="problem">The refusal of a key that is against the rules.</param>
    public static OperationKey? Read(HttpContext context, ReadOnlySpan<byte> body, out Problem? problem)
    {
        problem = null;
        if (!context.Request.Headers.TryGetValue(Header, out var values))
            return null;
        var key = values.ToString();
        if (values.Count != 1 || key.Length is 0 or > MaxLength || key.AsSpan().ContainsAnyExceptInRange('\x21', '\x7e'))
        {
            problem = Problem.Invalid(Header, $"{Header} is 1 to {MaxLength} visible ASCII characters.");
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(context.Request.Method));
        hash.AppendData("\n"u8);
        hash.AppendData(Encoding.UTF8.GetBytes(RequestTarget.Raw(context)));
        hash.AppendData("\n"u8);
        hash.AppendData(body);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return new OperationKey(key, Convert.ToHexStringLower(digest[..16]));
    }
}

using System.Buffers;
using System.Text;

namespace Granary.Admin.Api;

/// <summary>
/// Builds raw request targets. File paths are bytes: every byte outside RFC 3986's unreserved set is percent-encoded,
/// slashes stay, and nothing is normalised on the way, so that what the user wrote is what the server judges.
/// </summary>
internal static class RequestTarget
{
    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The address of <paramref name="target"/> below the server's own path, sent exactly as it is written.</summary>
    public static Uri Absolute(Uri server, string target)
    {
        var text = server.GetLeftPart(UriPartial.Authority) + server.AbsolutePath.TrimEnd('/') + target;
        return Uri.TryCreate(text, Raw, out var uri) ? uri : throw new UriFormatException($"'{text}' is not an address.");
    }

    /// <summary>The target of a file, with an optional query that is encoded already.</summary>
    public static string File(string scope, string path, string query = "") =>
        $"/api/v1/scopes/{Segment(scope)}/files/{Encode(path, keepSlashes: true)}{(query.Length == 0 ? "" : "?" + query)}";

    /// <summary>The target of a file's legal hold.</summary>
    public static string Hold(string scope, string path) => $"/api/v1/scopes/{Segment(scope)}/holds/{Encode(path, keepSlashes: true)}";

    /// <summary>One path segment, such as a name.</summary>
    public static string Segment(string text) => Encode(text, keepSlashes: false);

    /// <summary>A query string of the pairs whose value is not null.</summary>
    public static string Query(params (string Name, string? Value)[] pairs) => string.Join('&',
        pairs.Where(pair => pair.Value is not null).Select(pair => pair.Name + "=" + Encode(pair.Value!, keepSlashes: false)));

    private static string Encode(string text, bool keepSlashes)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var encoded = new StringBuilder(bytes.Length + 16);
        foreach (var b in bytes)
        {
            if (Unreserved.Contains(b) || (keepSlashes && b == '/'))
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(Convert.ToHexString([b]));
        }

        return encoded.ToString();
    }
}

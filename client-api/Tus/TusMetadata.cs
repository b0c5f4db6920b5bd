using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Tus;

/// <summary>
/// <c>Upload-Metadata</c>: "one or more comma-separated key-value pairs. The key and value MUST be separated by a space. The
/// key MUST NOT contain spaces and commas and MUST NOT be empty. The key SHOULD be ASCII encoded and the value MUST be Base64
/// encoded. All keys MUST be unique. The value MAY be empty."
/// </summary>
internal sealed class TusMetadata
{
    private const int MaxLength = 8 << 10;
    private const int MaxContentType = 255;

    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    /// <summary>As sent, for HEAD.</summary>
    public string? Text { get; private init; }

    /// <summary>Where the file will appear: <c>path</c>, else <c>filename</c>; null when there is neither.</summary>
    public FilePath? Path { get; private set; }

    /// <summary>Media type: <c>contentType</c>, else <c>filetype</c>; null when there is neither.</summary>
    public string? ContentType { get; private set; }

    /// <summary>Reads the header.</summary>
    /// <param name="header">Its value; null when it is absent.</param>
    /// <param name="metadata">What it says.</param>
    /// <param name="reason">The rule that was broken when the result is false.</param>
    public static bool TryParse(string? header, [NotNullWhen(true)] out TusMetadata? metadata, [NotNullWhen(false)] out string? reason)
    {
        metadata = null;
        reason = null;
        var read = new TusMetadata { Text = header };
        if (header?.Length > MaxLength)
        {
            reason = $"{TusProtocol.MetadataHeader} has at most {MaxLength} characters.";
            return false;
        }

        foreach (var pair in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!read.TryAdd(pair))
            {
                reason = $"{TusProtocol.MetadataHeader} is a list of unique keys, each with a space and a base64 value.";
                return false;
            }
        }

        if (!read.TryReadKnown(out reason))
            return false;
        metadata = read;
        return true;
    }

    private bool TryAdd(string pair)
    {
        var space = pair.IndexOf(' ', StringComparison.Ordinal);
        var key = space < 0 ? pair : pair[..space];
        var encoded = space < 0 ? "" : pair[(space + 1)..];
        if (key.Length == 0 || !Base64.IsValid(encoded))
            return false;
        return _values.TryAdd(key, Convert.FromBase64String(encoded));
    }

    private bool TryReadKnown([NotNullWhen(false)] out string? reason)
    {
        reason = null;
        if (_values.TryGetValue("path", out var bytes) || _values.TryGetValue("filename", out bytes))
        {
            if (!FilePath.TryParse(bytes, out var path, out reason))
                return false;
            Path = path;
        }

        if (_values.TryGetValue("contentType", out var type) || _values.TryGetValue("filetype", out type))
        {
            if (type.Length > MaxContentType || type.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            {
                reason = $"contentType is at most {MaxContentType} visible ASCII characters.";
                return false;
            }

            ContentType = type.Length == 0 ? null : System.Text.Encoding.ASCII.GetString(type);
        }

        return true;
    }
}

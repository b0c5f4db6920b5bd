using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Granary.ClientApi.Http;

/// <summary>Percent-encoded text (RFC 3986, section 2.1), decoded once and strictly.</summary>
internal static class PercentText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Decodes into bytes. False when a percent sign is not followed by two hexadecimal digits, when a character is outside
    /// ASCII, which a request target cannot hold, and when there is no room for the result.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> encoded, Span<byte> destination, out int written)
    {
        written = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var c = encoded[i];
            if (written == destination.Length)
                return false;
            if (c == '%')
            {
                if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit(encoded[i + 1]) || !char.IsAsciiHexDigit(encoded[i + 2]))
                    return false;
                destination[written++] = (byte)((HexValue(encoded[i + 1]) << 4) | HexValue(encoded[i + 2]));
                i += 2;
            }
            else if (char.IsAscii(c))
            {
                destination[written++] = (byte)c;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Decodes a query value: <c>+</c> is a space, the bytes are strict UTF-8.</summary>
    public static bool TryDecodeQuery(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (encoded.IndexOfAny('%', '+') < 0 && Ascii.IsValid(encoded))
        {
            text = encoded.ToString();
            return true;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(encoded.Length);
        var plain = encoded.ToString().Replace('+', ' ');
        try
        {
            if (!TryDecode(plain, bytes, out var written))
                return false;
            text = Strict.GetString(bytes, 0, written);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Changes;

/// <summary>
/// The frames that the server sends, whole: header and JSON text. What a server sends is not masked, so that one frame serves
/// every socket.
/// </summary>
internal static class ServerFrame
{
    /// <summary>Longest frame: two paths of 1,024 bytes and a name of 200 characters, each byte written as six.</summary>
    public const int MaxBytes = 16 << 10;

    private const byte FinalText = 0x81;
    private const int LongestHeader = 4;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A change of a scope.</summary>
    public static byte[] Change(string scope, ChangeInfo change) => Make(json =>
    {
        json.WriteString("type"u8, "change"u8);
        json.WriteString("scope"u8, scope);
        json.WritePropertyName("change"u8);
        JsonSerializer.Serialize(json, ChangeView.Of(change), ChangesJson.Default.ChangeView);
    });

    /// <summary>
    /// The first frame of a socket that follows one scope, and the answer to a subscription: where the log ends now.
    /// </summary>
    public static byte[] Following(string type, string scope, long sequence) => Make(json =>
    {
        json.WriteString("type"u8, type);
        json.WriteString("scope"u8, scope);
        json.WriteNumber("sequence"u8, sequence);
    });

    /// <summary>A frame without more than its type and perhaps a scope.</summary>
    public static byte[] Plain(string type, string? scope = null) => Make(json =>
    {
        json.WriteString("type"u8, type);
        if (scope is not null)
            json.WriteString("scope"u8, scope);
    });

    /// <summary>
    /// A sign of life with the cursors that the client may resume with: everything up to them was sent, or is none of what it
    /// asked for.
    /// </summary>
    public static byte[] Ping(IReadOnlyList<(string Scope, long Sequence)> cursors, bool single) => Make(json =>
    {
        json.WriteString("type"u8, "ping"u8);
        if (single)
        {
            foreach (var (_, sequence) in cursors)
                json.WriteNumber("sequence"u8, sequence);
            return;
        }

        json.WriteStartObject("sequences"u8);
        foreach (var (scope, sequence) in cursors)
            json.WriteNumber(scope, sequence);
        json.WriteEndObject();
    });

    /// <summary>What went wrong with one subscription; the socket goes on.</summary>
    public static byte[] Error(string? scope, Problem problem)
    {
        using var members = JsonDocument.Parse(problem.ToUtf8());
        return Make(json =>
        {
            json.WriteString("type"u8, "error"u8);
            if (scope is not null)
                json.WriteString("scope"u8, scope);
            foreach (var member in members.RootElement.EnumerateObject().Where(static m => m.Name is not ("type" or "title" or "status")))
                member.WriteTo(json);
        });
    }

    private static byte[] Make(Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Wrap(text.WrittenSpan);
    }

    // RFC 6455, section 5.2. Longer than 65,535 bytes no frame gets.
    private static byte[] Wrap(ReadOnlySpan<byte> payload)
    {
        var header = payload.Length < 126 ? LongestHeader - 2 : LongestHeader;
        var frame = new byte[header + payload.Length];
        frame[0] = FinalText;
        if (header == LongestHeader)
        {
            frame[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), checked((ushort)payload.Length));
        }
        else
        {
            frame[1] = (byte)payload.Length;
        }

        payload.CopyTo(frame.AsSpan(header));
        return frame;
    }
}

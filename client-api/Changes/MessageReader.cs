using System.Net.WebSockets;

namespace Granary.ClientApi.Changes;

/// <summary>What came from the other side: a message, its close, or what it must not send.</summary>
/// <param name="Text">A whole text message, valid until the next read.</param>
/// <param name="IsClose">The other side closes.</param>
/// <param name="Refused">The code to close with; null: nothing is wrong.</param>
/// <param name="Reason">Why, in one sentence.</param>
internal readonly record struct ReceivedMessage(ReadOnlyMemory<byte> Text, bool IsClose = false, WebSocketCloseStatus? Refused = null, string Reason = "");

/// <summary>
/// Puts the frames of a socket together to messages. Its buffer is small, because most sockets never send: a longer message
/// makes it grow for its own length of time.
/// </summary>
internal sealed class MessageReader(WebSocket web)
{
    private const int AtRest = 256;
    private byte[] _buffer = new byte[AtRest];

    /// <summary>Waits for the next message.</summary>
    /// <exception cref="WebSocketException">The connection broke, or is no WebSocket any more.</exception>
    public async Task<ReceivedMessage> ReadAsync(CancellationToken cancellationToken)
    {
        if (_buffer.Length > AtRest)
            _buffer = new byte[AtRest];
        for (var length = 0; ;)
        {
            var part = await web.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
                return new(default, IsClose: true);
            if (part.MessageType == WebSocketMessageType.Binary)
                return new(default, Refused: WebSocketCloseStatus.InvalidMessageType, Reason: "Messages are text.");
            if (part.EndOfMessage)
                return new(_buffer.AsMemory(0, length));
            if (length >= ClientFrame.MaxBytes)
                return new(default, Refused: WebSocketCloseStatus.MessageTooBig, Reason: $"A message has at most {ClientFrame.MaxBytes} bytes.");
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(length * 4, ClientFrame.MaxBytes));
        }
    }
}

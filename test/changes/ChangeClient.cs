using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Granary.Changes.Tests;

/// <summary>One WebSocket as a client sees it.</summary>
public sealed class ChangeClient(ClientWebSocket socket) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly byte[] _buffer = new byte[64 << 10];

    public ClientWebSocket Socket { get; } = socket;

    public static async Task<ChangeClient> ConnectAsync(string url, string target, string? key, bool inQuery)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("granary.changes.v1");
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
        var address = url.Replace("http://", "ws://", StringComparison.Ordinal) + target;
        if (key is not null && inQuery)
            address += (address.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "token=" + Uri.EscapeDataString(key);
        else if (key is not null)
            socket.Options.SetRequestHeader("Authorization", "Bearer " + key);
        using var limit = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(new Uri(address), limit.Token);
        return new ChangeClient(socket);
    }

    /// <summary>The next frame; null when the server closed.</summary>
    public async Task<JsonNode?> NextAsync(bool pings = false)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var length = 0;
            while (true)
            {
                var part = await Socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return null;
                length += part.Count;
                if (part.EndOfMessage)
                    break;
            }

            var frame = JsonNode.Parse(Encoding.UTF8.GetString(_buffer, 0, length))!;
            if (pings || (string?)frame["type"] != "ping")
                return frame;
        }
    }

    /// <summary>The next frame, which has this type.</summary>
    public async Task<JsonNode> NextAsync(string type)
    {
        var frame = await NextAsync(pings: type == "ping");
        while (type == "ping" && frame is not null && (string?)frame["type"] != "ping")
            frame = await NextAsync(pings: true);
        Assert.True(frame is not null, $"Closed with {(int?)Socket.CloseStatus} {Socket.CloseStatusDescription} instead of a frame {type}.");
        Assert.Equal(type, (string?)frame["type"]);
        return frame;
    }

    /// <summary>The next change.</summary>
    public async Task<JsonNode> ChangeAsync() => (await NextAsync("change"))["change"]!;

    /// <summary>Sequence numbers of the next changes.</summary>
    public async Task<List<long>> SequencesAsync(int count)
    {
        var found = new List<long>();
        while (found.Count < count)
            found.Add((long)(await ChangeAsync())["sequence"]!);
        return found;
    }

    /// <summary>Reads until the server closes, and gives its code.</summary>
    public async Task<int> ClosedAsync()
    {
        while (await NextAsync() is not null)
        {
        }

        var code = (int)Socket.CloseStatus!.Value;
        if (Socket.State == WebSocketState.CloseReceived)
            await Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        return code;
    }

    public Task SendAsync(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

    public ValueTask DisposeAsync()
    {
        Socket.Abort();
        Socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

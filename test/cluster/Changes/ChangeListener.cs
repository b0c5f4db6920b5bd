using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;

namespace Granary.Cluster.Tests;

/// <summary>A WebSocket on one silo that follows a scope from its first change on, and keeps when each change arrived.</summary>
internal sealed class ChangeListener : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _over = new();
    private Task _reading = Task.CompletedTask;

    private ChangeListener()
    {
    }

    /// <summary>Sequence numbers in the order in which they came.</summary>
    public ConcurrentQueue<long> Sequences { get; } = [];

    /// <summary>When a path was announced (<see cref="Stopwatch"/>).</summary>
    public ConcurrentDictionary<string, long> Arrived { get; } = new(StringComparer.Ordinal);

    /// <summary>Why it ended, where it did by itself.</summary>
    public string? Ended { get; private set; }

    /// <summary>Connects to a silo.</summary>
    public static async Task<ChangeListener> ConnectAsync(SiloCluster cluster, int silo, string scope)
    {
        var listener = new ChangeListener();
        listener._socket.Options.SetRequestHeader("Authorization", "Bearer " + cluster.OperatorKey);
        var url = new UriBuilder(cluster.Silos[silo].Url) { Scheme = "ws", Path = $"api/v1/scopes/{scope}/changes", Query = "since=0" };
        await listener._socket.ConnectAsync(url.Uri, CancellationToken.None);
        listener._reading = listener.ReadAsync();
        return listener;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _reading;
        _socket.Dispose();
        _over.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[256 << 10];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await _socket.ReceiveAsync(buffer.AsMemory(length), _over.Token);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Ended = $"closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}";
                    return;
                }

                Take(buffer.AsMemory(0, length));
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException)
        {
            Ended = failure.Message;
        }
    }

    private void Take(ReadOnlyMemory<byte> text)
    {
        using var frame = JsonDocument.Parse(text);
        if (frame.RootElement.GetProperty("type").GetString() == "change")
        {
            var change = frame.RootElement.GetProperty("change");
            Sequences.Enqueue(change.GetProperty("sequence").GetInt64());
            Arrived[change.GetProperty("path").GetString()!] = Stopwatch.GetTimestamp();
        }
    }
}

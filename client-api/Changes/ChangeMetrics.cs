using System.Diagnostics.Metrics;

namespace Granary.ClientApi.Changes;

/// <summary>Instruments of the sockets that follow changes (S20), meter <c>Granary.Changes</c>.</summary>
internal sealed class ChangeMetrics : IDisposable
{
    private readonly Meter _meter = new("Granary.Changes");
    private readonly UpDownCounter<long> _connections;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _closed;

    public ChangeMetrics()
    {
        _connections = _meter.CreateUpDownCounter<long>("granary.websocket.connections", "{connection}", "WebSockets that are open.");
        _sent = _meter.CreateCounter<long>("granary.websocket.sent", "By", "Bytes of frames sent over WebSockets.");
        _closed = _meter.CreateCounter<long>("granary.websocket.closed", "{connection}", "WebSockets that this side closed, by code.");
    }

    /// <summary>Where the farthest behind of all followers are, asked when metrics are read.</summary>
    public void ObserveLag(Func<long> lag) =>
        _meter.CreateObservableGauge("granary.changes.cursor_lag", lag, "{change}", "Changes by which the socket that is farthest behind is behind.");

    /// <summary>A socket opened (1) or ended (-1).</summary>
    public void Connection(int change) => _connections.Add(change);

    /// <summary>Frames were sent.</summary>
    public void Sent(long bytes) => _sent.Add(bytes);

    /// <summary>This side closed a socket.</summary>
    public void Closed(int code) => _closed.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

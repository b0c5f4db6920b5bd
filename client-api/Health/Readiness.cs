namespace Granary.ClientApi.Health;

/// <summary>
/// Whether this process should get requests. Closed while it starts and while it drains; a balancer that looks at
/// <c>/api/v1/ready</c> then sends its clients elsewhere before connections are cut.
/// </summary>
public sealed class Readiness
{
    private volatile string? _closed = "The server is starting.";

    /// <summary>Why no request should come; null when they may.</summary>
    public string? Closed => _closed;

    /// <summary>Requests may come.</summary>
    public void Open() => _closed = null;

    /// <summary>No new requests should come.</summary>
    /// <param name="reason">One sentence.</param>
    public void Close(string reason) => _closed = reason;
}

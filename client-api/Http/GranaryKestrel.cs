using System.Net;
using Granary.ClientApi.Http.Rejections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Granary.ClientApi.Http;

/// <summary>The one place where the HTTP server is configured.</summary>
public static class GranaryKestrel
{
    /// <summary>
    /// Longest request line in bytes: a path of 1,024 bytes, each percent-encoded, with room for the route, a prefix and a
    /// query that holds two such paths.
    /// </summary>
    private const int MaxRequestLine = 12 * 1024;

    /// <summary>Bytes of a request body that wait in the server before the connection's reading pauses.</summary>
    private const int RequestBuffer = 256 << 10;

    /// <summary>Bytes of an answer that wait for the socket before a write waits.</summary>
    private const int ResponseBuffer = 1 << 20;

    /// <summary>Sets limits and time-outs.</summary>
    public static void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.AllowSynchronousIO = false;
        var limits = options.Limits;
        limits.MaxRequestBodySize = null; // maxFileBytes and quotas decide, per tenant
        limits.MaxRequestLineSize = MaxRequestLine;
        limits.MaxRequestBufferSize = RequestBuffer;
        limits.MaxResponseBufferSize = ResponseBuffer;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);

        // A sender may pause: its buffers are taken back when others need them (design, Memory). A reader that takes nothing
        // for long is cut off, so that its chunk buffers do not stay out.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));
    }

    /// <summary>
    /// Sets what a connection's socket may hold: the limit above bounds only what the protocol holds on top of it, and the
    /// transport's own default of 1 MiB is half a gigabyte for 500 senders that wait for the buffer budget.
    /// </summary>
    public static void Configure(SocketTransportOptions options) => options.MaxReadBufferSize = RequestBuffer;

    /// <summary>Listens on an address with everything the API needs of a listener.</summary>
    public static void Listen(KestrelServerOptions options, IPEndPoint endPoint) => options.Listen(endPoint, Configure);

    /// <summary>Configures a listener: HTTP/1.1; requests that cannot be parsed get a problem body too.</summary>
    public static void Configure(ListenOptions listener)
    {
        listener.Protocols = HttpProtocols.Http1;
        ((IConnectionBuilder)listener).Use(RejectionTransport.Wrap);
    }
}

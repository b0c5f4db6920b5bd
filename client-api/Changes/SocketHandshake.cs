using System.Buffers.Text;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.ClientApi.Changes;

/// <summary>The opening handshake (RFC 6455, section 4.2).</summary>
internal static class SocketHandshake
{
    /// <summary>The one subprotocol; a client may also name none.</summary>
    public const string Protocol = "granary.changes.v1";

    private const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const int KeyBytes = 16;
    private const int SendBuffer = 256 << 10;

    /// <summary>Does the request ask for a WebSocket?</summary>
    public static bool IsAsked(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true && Names(context.Request.Headers.Upgrade, "websocket");

    /// <summary>What is wrong with the request; null when nothing is.</summary>
    public static Problem? Check(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.SecWebSocketVersion != "13")
        {
            context.Response.Headers.SecWebSocketVersion = "13";
            return Problem.Invalid("Sec-WebSocket-Version", "The version of the WebSocket protocol is 13.");
        }

        var key = headers.SecWebSocketKey.ToString();
        return Base64.IsValid(key, out var length) && length == KeyBytes
            ? null
            : Problem.Invalid("Sec-WebSocket-Key", "Sec-WebSocket-Key is 16 bytes in base64.");
    }

    /// <summary>Answers 101 and hands the connection over.</summary>
    public static async Task<(WebSocket Socket, FrameStream Stream)> AcceptAsync(HttpContext context)
    {
        var response = context.Response.Headers;
        var protocol = Names(context.Request.Headers.SecWebSocketProtocol, Protocol) ? Protocol : null;
        response.Connection = "Upgrade";
        response.Upgrade = "websocket";
        response.SecWebSocketAccept = AcceptFor(context.Request.Headers.SecWebSocketKey.ToString());
        if (protocol is not null)
            response.SecWebSocketProtocol = protocol;
        // What a client does not read waits in our queue of changes, not in megabytes of the system's buffers.
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is { } connection)
            connection.SendBufferSize = SendBuffer;
        var stream = new FrameStream(await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync(), context.Abort);

        // Signs of life are sent by one wheel for all sockets, so none has a timer of its own.
        var socket = WebSocket.CreateFromStream(
            stream, new WebSocketCreationOptions { IsServer = true, SubProtocol = protocol, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        return (socket, stream);
    }

    // SHA-1 is what the protocol says; nothing rests on its strength.
    private static string AcceptFor(string key)
    {
#pragma warning disable CA5350
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Magic)));
#pragma warning restore CA5350
    }

    private static bool Names(Microsoft.Extensions.Primitives.StringValues values, string wanted)
    {
        foreach (var value in values)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[range].Trim().Equals(wanted, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }
}

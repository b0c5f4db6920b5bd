using System.Net.WebSockets;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Changes;

/// <summary>The codes with which sockets are closed (http-api, Changes). Those from 4400 on are an HTTP status and 4000.</summary>
internal static class CloseCode
{
    /// <summary>The server stops; connect again.</summary>
    public const WebSocketCloseStatus Shutdown = WebSocketCloseStatus.EndpointUnavailable;

    /// <summary>The client sends more than any client needs to (RFC 6455: policy violation).</summary>
    public const WebSocketCloseStatus TooManyFrames = WebSocketCloseStatus.PolicyViolation;

    /// <summary>The client did not take what it was sent; connect again with the last sequence number.</summary>
    public const WebSocketCloseStatus TooSlow = (WebSocketCloseStatus)4408;

    /// <summary>The credential is not valid any more.</summary>
    public const WebSocketCloseStatus Unauthenticated = (WebSocketCloseStatus)4401;

    /// <summary>The credential lost the right.</summary>
    public const WebSocketCloseStatus Forbidden = (WebSocketCloseStatus)4403;

    /// <summary>The scope is gone, or the credential does not see it any more.</summary>
    public const WebSocketCloseStatus NoSuchScope = (WebSocketCloseStatus)4404;

    /// <summary>
    /// The code for a refusal that can be told in the WebSocket's own words; null for one that is answered as HTTP, such as a
    /// server that is busy.
    /// </summary>
    public static WebSocketCloseStatus? For(ProblemKind kind) =>
        kind.Status is 400 or 401 or 403 or 404 or 410 or 429 ? (WebSocketCloseStatus)(4000 + kind.Status) : null;

    /// <summary>A refusal's sentence, cut to what a close frame takes: 123 bytes.</summary>
    public static string Reason(Problem problem)
    {
        var text = $"{problem.Kind.Code}: {problem.Detail}";
        var length = Math.Min(text.Length, 123);
        while (System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, length)) > 123 || (length > 0 && char.IsHighSurrogate(text[length - 1])))
            length--;
        return text[..length];
    }
}

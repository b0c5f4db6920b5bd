using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Granary.Admin.Connection;

namespace Granary.Admin.Api;

/// <summary>
/// Follows a scope's changes over a WebSocket, across lost connections and restarted servers: each connection begins after
/// the last change that was given, so that none is missed and none comes twice.
/// </summary>
internal sealed class ChangeStream(ServerAddress server, TimeProvider time, Action<string> onWait)
{
    private const int MaxFrame = 64 << 10;

    /// <summary>The server pings every 30 s; a connection that is silent for longer than three times that is lost.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(8);

    private readonly byte[] _buffer = new byte[MaxFrame];

    /// <summary>Follows until cancelled.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="since">The last change that is known; null: from now on.</param>
    /// <param name="prefix">Only changes of paths that begin so; null: all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="UnreachableException">There was never an answer.</exception>
    public async IAsyncEnumerable<Change> FollowAsync(string scope, long? since, string? prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var failures = 0;
        var everConnected = false;
        while (true)
        {
            using var socket = new ClientWebSocket();
            var connection = await TryConnectAsync(socket, scope, since, prefix, everConnected, cancellationToken);
            var lost = connection;
            while (lost is null)
            {
                (var frame, lost) = await ReceiveAsync(socket, cancellationToken);
                if (frame?.Sequence is { } cursor)
                    since = cursor > (since ?? -1) && frame.Type == "ping" || since is null ? cursor : since;
                if (frame is not null)
                    (everConnected, failures) = (true, 0);
                if (frame?.Change is not { } change)
                    continue;
                since = change.Sequence;
                yield return change;
            }

            onWait(lost);
            failures++;
            var delay = TimeSpan.FromMilliseconds(Math.Min(LongestDelay.TotalMilliseconds, 250 * Math.Pow(2, failures - 1)));
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    // Why it did not work, in words; null when it did.
    private async Task<string?> TryConnectAsync(
        ClientWebSocket socket, string scope, long? since, string? prefix, bool everConnected, CancellationToken cancellationToken)
    {
        socket.Options.AddSubProtocol("granary.changes.v1");
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
        socket.Options.CollectHttpResponseDetails = true;
        if (server.Token is { } token)
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        if (server.Tenant is { } tenant)
            socket.Options.SetRequestHeader("X-Granary-Tenant", tenant);
        var query = RequestTarget.Query(("since", since?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("prefix", prefix));
        var http = RequestTarget.Absolute(server.Url, $"/api/v1/scopes/{RequestTarget.Segment(scope)}/changes{(query.Length == 0 ? "" : "?" + query)}");
        var address = new UriBuilder(http) { Scheme = http.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" }.Uri;
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return null;
        }
        catch (WebSocketException error) when (!cancellationToken.IsCancellationRequested)
        {
            var status = (int)socket.HttpStatusCode;
            if (status is >= 400 and < 500 and not 429)
                throw new ApiException(status, new Problem(null, null, status, null, $"the server refused the WebSocket with HTTP {status}"));
            if (status == 0 && !everConnected)
                throw new UnreachableException(server.Url, error.InnerException?.Message ?? error.Message, error);
            return status == 0 ? "it cannot be reached" : $"it answered HTTP {status}";
        }
    }

    private async Task<(ChangeFrame? Frame, string? Lost)> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var watch = new Watchdog(Silence, time, cancellationToken);
        try
        {
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(_buffer.AsMemory(length), watch.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return (null, Closed(socket));
                length += part.Count;
                if (part.EndOfMessage)
                    break;
                if (length == _buffer.Length)
                    throw new UnexpectedAnswerException("a frame of the server is too long");
            }

            return (JsonSerializer.Deserialize(_buffer.AsSpan(0, length), ApiJson.Default.ChangeFrame), null);
        }
        catch (JsonException error)
        {
            throw new UnexpectedAnswerException("a frame of the server is not JSON", error);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, "the connection was lost");
        }
    }

    private static string Closed(ClientWebSocket socket)
    {
        var code = (int)(socket.CloseStatus ?? WebSocketCloseStatus.Empty);
        if (code is not (4400 or 4401 or 4403 or 4404 or 4410))
            return code == 4408 ? "we were too slow" : "it closed the connection";
        var words = (socket.CloseStatusDescription ?? "").Split(": ", 2);
        throw new ApiException(code - 4000, new Problem(null, null, code - 4000, words.Length == 2 ? words[0] : null, words[^1]));
    }
}

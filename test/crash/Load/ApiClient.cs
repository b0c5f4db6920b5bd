using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>The server is gone: whoever meets this stops.</summary>
internal sealed class ServerGoneException(Exception cause) : Exception(cause.Message, cause);

/// <summary>Asks for changes and notes what it hears, so that nothing is forgotten that was promised.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _keysAlways;

    /// <summary>A client that acts as the operator.</summary>
    /// <param name="server">Where it asks.</param>
    /// <param name="operatorKey">What it shows.</param>
    /// <param name="repeating">A way to the server that repeats what was not answered; then every change has a key. Null: none.</param>
    public ApiClient(Uri server, string operatorKey, HttpMessageHandler? repeating = null)
    {
        _keysAlways = repeating is not null;
        _http = new HttpClient(repeating ?? new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) }, disposeHandler: repeating is null)
        {
            BaseAddress = server,
            Timeout = repeating is null ? TimeSpan.FromSeconds(90) : Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", operatorKey);
    }

    public HttpClient Http => _http;

    /// <summary>Everything that was asked for since the server's start.</summary>
    public ConcurrentQueue<Operation> Asked { get; } = [];

    /// <summary>Answers that a correct server does not give.</summary>
    public ConcurrentQueue<string> Wrong { get; } = [];

    public static string FileUrl(string scope, string path) => $"api/v1/scopes/{scope}/files/{path}";

    /// <summary>An idempotency key for half of the changes; for all where requests are repeated.</summary>
    public string? NewKey(Random random)
    {
        var wanted = random.Next(2) != 0;
        return wanted || _keysAlways ? $"{random.NextInt64():x}" : null;
    }

    /// <summary>Asks for a change and waits for its answer.</summary>
    /// <exception cref="ServerGoneException">The connection ended; the operation's outcome is unknown.</exception>
    public async Task<Operation> AskAsync(Operation operation)
    {
        Asked.Enqueue(operation);
        await SendAsync(operation);
        return operation;
    }

    /// <summary>Asks again, with the same key, for what was asked in the server's last life.</summary>
    public Task RepeatAsync(Operation operation) => SendAsync(operation);

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(Operation operation)
    {
        using var request = RequestOf(operation);
        try
        {
            using var response = await _http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            operation.Ended = Stopwatch.GetTimestamp();
            Note(operation, response.StatusCode, text);
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            operation.Answer = ended.Message;
            throw new ServerGoneException(ended);
        }
    }

    private void Note(Operation operation, HttpStatusCode status, string text)
    {
        if (status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent)
        {
            operation.Outcome = Outcome.Done;
            if (status != HttpStatusCode.NoContent)
            {
                var json = JsonNode.Parse(text)!;
                operation.Version = (long)json["version"]!;
                operation.Sequence = (long)json["changeSequence"]!;
                operation.Etag = (string)json["etag"]!;
            }

            return;
        }

        operation.Answer = $"{(int)status} {text}";

        // A part that did not answer in time may still do what it was asked.
        operation.Outcome = status == HttpStatusCode.ServiceUnavailable ? Outcome.Unknown : Outcome.Refused;
        if (status != HttpStatusCode.ServiceUnavailable)
        {
            Wrong.Enqueue($"{operation}");
        }
    }

    private static HttpRequestMessage RequestOf(Operation operation)
    {
        var request = operation.Kind switch
        {
            OperationKind.Put when operation.Session is { } session => new HttpRequestMessage(HttpMethod.Post, $"api/v1/uploads/{session}/complete"),
            OperationKind.Put => new HttpRequestMessage(HttpMethod.Put, FileUrl(operation.Scope, operation.Path)) { Content = new ByteArrayContent(operation.Content!.Bytes()) },
            OperationKind.Delete => new HttpRequestMessage(HttpMethod.Delete, FileUrl(operation.Scope, operation.Path)),
            OperationKind.Copy when operation.FromScope is { } from && from != operation.Scope => new HttpRequestMessage(HttpMethod.Post, $"api/v1/scopes/{from}/files:copy")
            {
                Content = JsonContent.Create(new { from = operation.From, to = operation.Path, toScope = operation.Scope }),
            },
            _ => new HttpRequestMessage(HttpMethod.Post, $"api/v1/scopes/{operation.Scope}/files:{(operation.Kind == OperationKind.Copy ? "copy" : "move")}")
            {
                Content = JsonContent.Create(new { from = operation.From, to = operation.Path }),
            },
        };
        if (operation.Key is { } key)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return request;
    }

    /// <summary>The bytes of a file with their tag; null when there is no file, or none in the range.</summary>
    public async Task<(byte[] Bytes, string Etag)?> GetAsync(string scope, string path, long? version = null, string? range = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, FileUrl(scope, path) + (version is { } number ? string.Create(CultureInfo.InvariantCulture, $"?version={number}") : ""));
        if (range is not null)
        {
            request.Headers.TryAddWithoutValidation("Range", range);
        }

        try
        {
            using var response = await _http.SendAsync(request);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return null;
            }

            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            {
                Wrong.Enqueue($"GET {scope}:{path} v{version} {range}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                return null;
            }

            return (await response.Content.ReadAsByteArrayAsync(), response.Headers.ETag!.Tag.Trim('"'));
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new ServerGoneException(ended);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Granary.Admin.Connection;

namespace Granary.Admin.Api;

/// <summary>
/// The HTTP API of one server. Every write carries an Idempotency-Key that stays the same over its repeats, so that a
/// lost answer is asked for again without doing the work twice.
/// </summary>
internal sealed class GranaryClient : IDisposable
{
    /// <summary>A request or a body that has not moved for so long is taken for lost.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(100);

    private readonly HttpClient http;
    private readonly TimeProvider time;
    private readonly RetryPolicy retry;
    private readonly Action<string> onWait;
    private volatile bool reached;
    private long heard;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="server">Where and as whom.</param>
    /// <param name="time">Clock for delays and time-outs.</param>
    /// <param name="retry">When requests are repeated.</param>
    /// <param name="onWait">Told in one sentence when the server keeps us waiting.</param>
    public GranaryClient(ServerAddress server, TimeProvider time, RetryPolicy retry, Action<string> onWait)
    {
        Server = server;
        this.time = time;
        this.retry = retry;
        this.onWait = onWait;
        http = new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan, DefaultRequestVersion = HttpVersion.Version11 };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("granary", typeof(GranaryClient).Assembly.GetName().Version!.ToString(3)));
        if (server.Token is { } token)
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        if (server.Tenant is { } tenant)
            http.DefaultRequestHeaders.TryAddWithoutValidation("X-Granary-Tenant", tenant);
    }

    /// <summary>The server this talks to.</summary>
    public ServerAddress Server { get; }

    /// <summary>Reads one thing.</summary>
    /// <exception cref="ApiException">The server refused or failed.</exception>
    /// <exception cref="UnreachableException">No answer.</exception>
    public async Task<T> GetAsync<T>(string target, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() => Request(HttpMethod.Get, target), true, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Reads a list page by page.</summary>
    /// <param name="target">The list, without a query.</param>
    /// <param name="query">Its query without `after`, or empty.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public async IAsyncEnumerable<IReadOnlyList<T>> PagesAsync<T>(
        string target, string query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await GetAsync<Page<T>>(WithQuery(target, query, after), cancellationToken);
            yield return page.Items ?? [];
            after = NextCursor(after, page.Next);
        }
        while (after is not null);
    }

    /// <summary>Reads a listing of files page by page; folders come as prefixes where a delimiter is given.</summary>
    public async IAsyncEnumerable<FilePage> FilesAsync(
        string scope, string prefix, string? delimiter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var target = $"/api/v1/scopes/{RequestTarget.Segment(scope)}/files";
        var query = RequestTarget.Query(("prefix", prefix.Length == 0 ? null : prefix), ("delimiter", delimiter), ("limit", "1000"));
        string? after = null;
        do
        {
            var page = await GetAsync<FilePage>(WithQuery(target, query, after), cancellationToken);
            yield return page;
            after = NextCursor(after, page.Next);
        }
        while (after is not null);
    }

    /// <summary>The current version of one file, or null where there is none.</summary>
    public async Task<FileItem?> FindAsync(string scope, string path, CancellationToken cancellationToken)
    {
        // In byte order the path itself comes before everything that it is a prefix of.
        var query = RequestTarget.Query(("prefix", path), ("limit", "1"));
        var page = await GetAsync<FilePage>($"/api/v1/scopes/{RequestTarget.Segment(scope)}/files?{query}", cancellationToken);
        return page.Items is [var first, ..] && first.Path == path ? first : null;
    }

    /// <summary>The whole manifest of one version, however many pages it has.</summary>
    public async Task<Manifest> ManifestAsync(string scope, string path, long version, CancellationToken cancellationToken)
    {
        var all = new List<ManifestChunk>();
        var number = version.ToString(CultureInfo.InvariantCulture);
        for (string? after = null; ;)
        {
            var page = await GetAsync<Manifest>(
                RequestTarget.File(scope, path, "manifest&" + RequestTarget.Query(("version", number), ("after", after))), cancellationToken);
            all.AddRange(page.Chunks);
            after = NextCursor(after, page.Next);
            if (after is null)
                return page with { Chunks = all, Next = null };
        }
    }

    /// <summary>Everything about the chunks of one version, the current one where none is named.</summary>
    public async Task<Explanation> ExplainAsync(string scope, string path, long? version, CancellationToken cancellationToken)
    {
        var all = new List<ExplainedChunk>();
        for (string? after = null; ;)
        {
            // Later pages are of the same version, also when the file is overwritten meanwhile.
            var query = RequestTarget.Query(("version", version?.ToString(CultureInfo.InvariantCulture)), ("after", after));
            var page = await GetAsync<Explanation>(RequestTarget.File(scope, path, query.Length == 0 ? "explain" : "explain&" + query), cancellationToken);
            all.AddRange(page.Chunks);
            version = page.Version;
            after = NextCursor(after, page.Next);
            if (after is null)
                return page with { Chunks = all, Next = null };
        }
    }

    /// <summary>Sends a JSON body and reads the answer; an empty answer is null.</summary>
    public async Task<TAnswer?> SendAsync<TBody, TAnswer>(HttpMethod method, string target, TBody body, CancellationToken cancellationToken)
        where TAnswer : class
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body, Info<TBody>());
        var key = Guid.NewGuid().ToString("n");
        using var response = await SendAsync(
            () =>
            {
                var request = Request(method, target, key);
                request.Content = new ByteArrayContent(json) { Headers = { ContentType = new("application/json") } };
                return request;
            },
            true, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return response.Content.Headers.ContentLength == 0 || response.StatusCode == HttpStatusCode.NoContent
            ? null
            : await ReadAsync<TAnswer>(response, cancellationToken);
    }

    /// <summary>Changes a thing: absent members stay, null unsets.</summary>
    public async Task<TAnswer?> PatchAsync<TAnswer>(string target, JsonObject changes, CancellationToken cancellationToken)
        where TAnswer : class => await SendAsync<JsonObject, TAnswer>(HttpMethod.Patch, target, changes, cancellationToken);

    /// <summary>Deletes a thing, or a file where <paramref name="ifMatch"/> still is its ETag.</summary>
    public async Task DeleteAsync(string target, string? ifMatch, CancellationToken cancellationToken)
    {
        var key = Guid.NewGuid().ToString("n");
        using var response = await SendAsync(
            () =>
            {
                var request = Request(HttpMethod.Delete, target, key);
                if (ifMatch is not null)
                    request.Headers.TryAddWithoutValidation("If-Match", $"\"{ifMatch}\"");
                return request;
            },
            true, HttpCompletionOption.ResponseContentRead, cancellationToken);
    }

    /// <summary>Sends an upload whose body <paramref name="make"/> gives afresh for each attempt.</summary>
    public async Task<TAnswer> PutAsync<TAnswer>(Func<string, HttpRequestMessage> make, bool repeatable, CancellationToken cancellationToken)
    {
        var key = Guid.NewGuid().ToString("n");
        using var response = await SendAsync(() => make(key), repeatable, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    /// <summary>Opens a body for reading; the caller disposes of the response.</summary>
    public Task<HttpResponseMessage> OpenAsync(string target, long offset, CancellationToken cancellationToken) => SendAsync(
        () =>
        {
            var request = Request(HttpMethod.Get, target);
            if (offset > 0)
                request.Headers.Range = new RangeHeaderValue(offset, null);
            return request;
        },
        true, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Sends a request once and gives any answer, also a refusal; for health, where 503 is an answer.</summary>
    public async Task<(int Status, string Body)> ProbeAsync(string target, CancellationToken cancellationToken)
    {
        using var watchdog = new Watchdog(IdleLimit, time, cancellationToken);
        using var request = Request(HttpMethod.Get, target);
        try
        {
            using var response = await http.SendAsync(request, watchdog.Token);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(watchdog.Token));
        }
        catch (Exception error) when (IsLoss(error, watchdog))
        {
            throw new UnreachableException(Server.Url, Reason(error), error);
        }
    }

    /// <summary>A request with the headers of every write where a key is given.</summary>
    public HttpRequestMessage Request(HttpMethod method, string target, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(method, RequestTarget.Absolute(Server.Url, target));
        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        return request;
    }

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> make, bool repeatable, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            using var request = make();
            var (response, failure) = await TryOnceAsync(request, completion, cancellationToken);
            if (response is { IsSuccessStatusCode: true })
            {
                if (request.Content is Transfer.UploadContent accepted)
                    accepted.Accepted = true;
                return response;
            }

            // What the body itself could not read or would not send is no fault of the connection.
            if (request.Content is Transfer.UploadContent { LocalFailure: { } local })
            {
                response?.Dispose();
                throw local;
            }

            using (response)
            {
                var delay = repeatable && (request.Content as Transfer.UploadContent)?.CanRepeat != false
                    ? retry.NextDelay(attempt, Waited(started, response), (int?)response?.StatusCode, RetryAfter(response), reached, Spread(request))
                    : null;
                if (delay is not { } wait)
                    throw response is null ? failure! : await ProblemAsync(response, cancellationToken);
                onWait(response is null ? "the connection was lost" : $"the server answers {(int)response.StatusCode}");
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    private async Task<(HttpResponseMessage? Response, Exception? Failure)> TryOnceAsync(
        HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var watchdog = new Watchdog(IdleLimit, time, cancellationToken);
        if (request.Content is Transfer.UploadContent upload)
            upload.Moved = watchdog.Touch;
        try
        {
            var response = await http.SendAsync(request, completion, watchdog.Token);
            reached = true;
            Volatile.Write(ref heard, time.GetTimestamp());
            return (response, null);
        }
        catch (Exception error) when (IsLoss(error, watchdog))
        {
            return (null, new UnreachableException(Server.Url, Reason(error), error));
        }
    }

    /// <summary>
    /// How long a request has been failing. A connection that was lost counts from when the server was last heard by anybody
    /// here: one that goes down again and again, but answers in between, is not given up.
    /// </summary>
    private TimeSpan Waited(long started, HttpResponseMessage? response)
    {
        var waited = time.GetElapsedTime(started);
        var silent = time.GetElapsedTime(Volatile.Read(ref heard));
        return response is null && silent < waited ? silent : waited;
    }

    private static bool IsLoss(Exception error, Watchdog watchdog) =>
        error is HttpRequestException or IOException || (error is OperationCanceledException && watchdog.Expired);

    private static string Reason(Exception error) => error switch
    {
        OperationCanceledException => $"no answer for {IdleLimit.TotalSeconds:0} s",
        { InnerException: { } inner } when error is HttpRequestException => inner.Message,
        _ => error.Message,
    };

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, Info<T>(), cancellationToken)
                ?? throw new UnexpectedAnswerException($"the answer of {response.RequestMessage?.RequestUri} is empty.");
        }
        catch (JsonException error)
        {
            throw new UnexpectedAnswerException($"the answer of {Server.Url} is not what a Granary server of this version says: {error.Message}", error);
        }
    }

    private static async Task<ApiException> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Problem? problem = null;
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                problem = await JsonSerializer.DeserializeAsync(body, ApiJson.Default.Problem, cancellationToken);
            }
            catch (Exception error) when (error is JsonException or IOException or HttpRequestException)
            {
                // The status says enough where the body is cut off.
            }
        }

        return new ApiException((int)response.StatusCode, problem ?? new Problem(null, $"HTTP {(int)response.StatusCode} {response.ReasonPhrase}", null, null, null));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage? response) => response?.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => null,
    };

    // The key is random already; its first byte spreads the workers.
    private static double Spread(HttpRequestMessage request) =>
        request.Headers.TryGetValues("Idempotency-Key", out var keys) ? Convert.ToInt32(keys.First()[..2], 16) / 255.0 : 0.5;

    private static string WithQuery(string target, string query, string? after)
    {
        var all = after is null ? query : RequestTarget.Query(("after", after)) + (query.Length == 0 ? "" : "&" + query);
        return all.Length == 0 ? target : target + "?" + all;
    }

    private static string? NextCursor(string? previous, string? next)
    {
        if (string.IsNullOrEmpty(next))
            return null;
        return next != previous ? next : throw new UnexpectedAnswerException("the server's list does not advance.");
    }

    private static JsonTypeInfo<T> Info<T>() =>
        (JsonTypeInfo<T>?)ApiJson.Default.GetTypeInfo(typeof(T)) ?? throw new InvalidOperationException($"{typeof(T)} is not in {nameof(ApiJson)}.");

    private static SocketsHttpHandler Handler()
    {
        // A proxy is looked up only where one is configured: the look-up costs a short command a tenth of its time.
        var proxies = new[] { "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" };
        return new SocketsHttpHandler
        {
            UseCookies = false,
            UseProxy = proxies.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))),
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
            ActivityHeadersPropagator = null,
        };
    }
}

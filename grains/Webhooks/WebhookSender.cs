using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Granary.Catalog;

namespace Granary.Grains.Webhooks;

/// <summary>What became of one attempt.</summary>
/// <param name="Status">HTTP status; null where there was no answer.</param>
/// <param name="Error">Why it failed, in one sentence; null when the target accepted it.</param>
internal readonly record struct AttemptResult(int? Status, string? Error);

/// <summary>
/// Sends one delivery as <c>POST</c> with JSON, signed: <c>Granary-Signature: t=SECONDS,v1=HEX</c> is the HMAC-SHA256 of
/// <c>SECONDS.BODY</c> with the webhook's secret. Redirects are not followed, no proxy is used, and neither time nor size of
/// the answer is the target's to choose.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaxAnswer = 64 << 10;

    private readonly SecretProtector _secrets;
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly HttpClient _http;

    public WebhookSender(SecretProtector secrets, WebhookTargets targets, TimeProvider time, TimeSpan? limit = null)
    {
        (_secrets, _time, _limit) = (secrets, time, limit ?? TimeSpan.FromSeconds(10));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = 4,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1), // A name that moves, or is not allowed any more, is looked up again.
            ConnectTimeout = TimeSpan.FromSeconds(5),
            ConnectCallback = async (context, cancellationToken) => await targets.ConnectAsync(context.DnsEndPoint, cancellationToken),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Granary-Webhook", "1"));
    }

    /// <summary>The signature of a body.</summary>
    public static string Sign(ReadOnlySpan<byte> secret, long seconds, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.")));
        hmac.AppendData(body);
        return Convert.ToHexStringLower(hmac.GetHashAndReset());
    }

    /// <summary>Makes one attempt. Never throws but for cancellation by the caller.</summary>
    public async Task<AttemptResult> SendAsync(WebhookStep step, string scope, CancellationToken cancellationToken)
    {
        var (webhook, delivery) = (step.Webhook!, step.Delivery!);
        using var limit = new CancellationTokenSource(_limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = Request(webhook, delivery, Body(webhook, delivery, scope, step.Changes!));
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            await DrainAsync(response, both.Token);
            var status = (int)response.StatusCode;
            return new AttemptResult(status, response.IsSuccessStatusCode ? null : status is >= 300 and < 400
                ? $"The target answered {status}; redirects are not followed."
                : $"The target answered {status}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AttemptResult(null, $"The target did not answer within {_limit.TotalSeconds:0} s.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or CryptographicException or UriFormatException or InvalidOperationException)
        {
            return new AttemptResult(null, Shorten((error as HttpRequestException)?.InnerException?.Message ?? error.Message));
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(WebhookInfo webhook, WebhookDelivery delivery, byte[] body)
    {
        var seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        var secret = _secrets.Unprotect(webhook.EncryptedSecret, WebhookCatalog.SecretPurpose);
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Granary-Webhook", webhook.Id.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Granary-Delivery", delivery.Id.ToString("n"));
        request.Headers.TryAddWithoutValidation("Granary-Signature", $"t={seconds},v1={Sign(secret, seconds, body)}");
        CryptographicOperations.ZeroMemory(secret);
        return request;
    }

    // A short answer is read to its end, so that the connection can be used again; of a long one the rest is not waited for.
    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength is null or > MaxAnswer)
        {
            return;
        }

        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        await content.CopyToAsync(Stream.Null, cancellationToken);
    }

    private static byte[] Body(WebhookInfo webhook, WebhookDelivery delivery, string scope, IReadOnlyList<ChangeInfo> changes)
    {
        var text = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("webhook"u8, webhook.Id.ToString(CultureInfo.InvariantCulture));
            json.WriteString("delivery"u8, delivery.Id.ToString("n"));
            json.WriteString("scope"u8, scope);
            json.WriteStartArray("changes"u8);
            foreach (var change in changes)
            {
                Write(json, change);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }

    // As a page of changes shows it; a test compares the two.
    private static void Write(Utf8JsonWriter json, ChangeInfo change)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence"u8, change.Sequence);
        json.WriteString("time"u8, change.Time.UtcDateTime);
        json.WriteString("type"u8, change.Kind.ToString().ToLowerInvariant());
        json.WriteString("path"u8, change.Path.Text);
        if (change.OldPath is { } old)
        {
            json.WriteString("oldPath"u8, old.Text);
        }

        json.WriteNumber("version"u8, change.Version);
        json.WriteNumber("size"u8, change.Size);
        json.WriteString("by"u8, change.By);
        json.WriteEndObject();
    }

    private static string Shorten(string text) => text.Length <= 300 ? text : text[..300];
}

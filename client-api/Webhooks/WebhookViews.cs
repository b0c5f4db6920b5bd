using System.Text.Json.Serialization;
using Granary.Catalog;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Webhooks;

/// <summary>A webhook as the API shows it; its secret only when it was just made.</summary>
internal sealed record WebhookView(
    string Id, string Url, string? Prefix, string State, string? Reason, long Position, long Waiting, DateTimeOffset? NextAttempt, DateTimeOffset Created,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret)
{
    public static WebhookView Of(WebhookInfo webhook, long head, string? secret = null) => new(
        webhook.Id.ToString(), webhook.Url, webhook.Prefix, webhook.State == WebhookState.Active ? "active" : "paused", webhook.Reason, webhook.Position,
        Math.Max(0, head - webhook.Position), webhook.Due, webhook.Created, secret);
}

/// <summary>One delivery: the changes after <paramref name="After"/>, up to <paramref name="UpTo"/>.</summary>
internal sealed record DeliveryView(
    string Id, string State, long After, long UpTo, int Changes, int Attempts, int? Status, string? Error, DateTimeOffset Created, DateTimeOffset? Attempted)
{
    public static DeliveryView Of(WebhookDelivery delivery) => new(
        delivery.Id.ToString("n"), NameOf(delivery.State), delivery.After, delivery.UpTo, delivery.Changes, delivery.Attempts, delivery.Status, delivery.Error,
        delivery.Created, delivery.Attempted);

    private static string NameOf(DeliveryState state) => state switch
    {
        DeliveryState.Waiting => "waiting",
        DeliveryState.Delivered => "delivered",
        _ => "given-up",
    };
}

/// <summary>Source-generated JSON of webhooks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(Page<WebhookView>), TypeInfoPropertyName = "WebhookPage")]
[JsonSerializable(typeof(WebhookView))]
[JsonSerializable(typeof(Page<DeliveryView>), TypeInfoPropertyName = "DeliveryPage")]
internal sealed partial class WebhooksJson : JsonSerializerContext;

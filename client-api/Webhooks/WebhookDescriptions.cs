using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Webhooks;

/// <summary>What the API's description says of webhooks.</summary>
internal static class WebhookDescriptions
{
    private const string Group = "Webhooks";

    private static readonly BodySchema One = new("Webhook", WebhooksJson.Default.WebhookView);

    public static OperationDescription List { get; } = new("listWebhooks", Group, "Lists a scope's webhooks.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("WebhookPage", WebhooksJson.Default.WebhookPage))],
    };

    public static OperationDescription Create { get; } = new("createWebhook", Group, "Makes a webhook that is sent what changes in the scope from now on.")
    {
        Text = "Each delivery is a POST of JSON with the header Granary-Signature: t=SECONDS,v1=HEX, the HMAC-SHA256 of SECONDS.BODY with the secret, "
            + "and Granary-Delivery, the same in every attempt. A target that does not answer 2xx within 10 s is tried again after 30 s, 1 min, 5 min, "
            + "15 min, 1 h, 6 h and 24 h; then, or when more than 1,000 changes wait, the webhook is paused. Redirects are not followed. Addresses "
            + "that are not public are refused unless the operator allows them.",
        Body = BodyDescription.Json(Fields.Object([new Field("url", Url(), Required: true), .. Settings()])),
        Answers = [AnswerDescription.Of(201, "The webhook; its secret is shown this once, and not when the request was a repeat.", One)],
    };

    public static OperationDescription Show { get; } = new("getWebhook", Group, "Shows a webhook without its secret.")
    {
        Answers = [AnswerDescription.Of(200, "The webhook.", One)],
    };

    public static OperationDescription Change { get; } = new("changeWebhook", Group, "Changes a webhook.")
    {
        Body = BodyDescription.Json(Fields.Object([new Field("url", Url()), .. Settings(), new Field("paused", Fields.Flag("True sends nothing until it is resumed."))])),
        Answers = [AnswerDescription.Of(200, "The webhook as it is now.", One)],
    };

    public static OperationDescription Delete { get; } = new("deleteWebhook", Group, "Deletes a webhook with its deliveries.")
    {
        Answers = [new AnswerDescription(204, "The webhook is gone.")],
    };

    public static OperationDescription Resume { get; } = new("resumeWebhook", Group, "Resumes a paused webhook; what waits is tried at once.")
    {
        Answers = [AnswerDescription.Of(200, "The webhook as it is now.", One)],
    };

    public static OperationDescription Deliveries { get; } = new("listDeliveries", Group, "Lists a webhook's deliveries, newest first; some hundred are kept.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("DeliveryPage", WebhooksJson.Default.DeliveryPage))],
    };

    public static OperationDescription Redeliver { get; } = new("redeliver", Group, "Sends a delivery once more, out of order, under the same id.")
    {
        Answers = [new AnswerDescription(202, "It is sent in a moment; the list shows what became of it.")],
    };

    private static System.Text.Json.Nodes.JsonObject Url() => Fields.Text("Where to: http or https.", maxLength: WebhookEndpoints.MaxUrl);

    private static Field[] Settings() =>
    [
        new("prefix", Fields.Text("Only changes of paths that begin so.", maxLength: 1024, nullable: true)),
        new("secret", Fields.Text("What signs, 16 to 200 characters; made for you when it is left out.", maxLength: WebhookEndpoints.MaxSecret)),
    ];
}

using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Changes;

/// <summary>What the API's description says of changes.</summary>
internal static class ChangeDescriptions
{
    private const string Group = "Changes";

    public static OperationDescription OfScope { get; } = new("getChanges", Group, "Reads a scope's change log, or follows it as a WebSocket.")
    {
        Text = "Without since nothing is listed and next says where the log ends: what follows it is new. With Upgrade: websocket (subprotocol "
            + "granary.changes.v1) the log is replayed from since, or from now on, and then followed live: frames connected, change and ping. "
            + "Close codes: 4400 the request is not valid, 4401 no valid credential, 4403 no right, 4404 no such scope, 4408 too slow, "
            + "4410 the cursor is too old, 4429 too many requests, 1001 the server stops.",
        Parameters =
        [
            ParameterDescription.Query("since", "The last change that is known; 0 for all.", Fields.Whole(0)),
            ParameterDescription.Query("limit", "At most so many changes.", Fields.Whole(1, ChangeEndpoints.MaxLimit)),
            ParameterDescription.Query("prefix", "Only changes of paths that begin so; next moves past the others.", Fields.Text(maxLength: ChangeSubscription.MaxPrefix)),
            ParameterDescription.Query("token", "WebSocket only: the credential, where no header can be sent.", Fields.Text()),
        ],
        Answers =
        [
            new AnswerDescription(101, "The connection is a WebSocket now."),
            AnswerDescription.Of(200, "A page.", new BodySchema("ChangePage", ChangesJson.Default.ChangePageView)),
        ],
        Problems = [ProblemKinds.Expired],
    };

    public static OperationDescription OfAll { get; } = new("followChanges", Group, "Follows several scopes over one WebSocket.")
    {
        Text = "The client sends {\"type\":\"subscribe\",\"scope\":...,\"since\":...,\"prefix\":...} and {\"type\":\"unsubscribe\",\"scope\":...}; "
            + "the server answers subscribed, unsubscribed or error, and sends change and ping frames.",
        Parameters = [ParameterDescription.Query("token", "The credential, where no header can be sent.", Fields.Text())],
        Answers = [new AnswerDescription(101, "The connection is a WebSocket now.")],
    };
}

using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Health;

/// <summary>What the API's description says of the checks.</summary>
internal static class HealthDescriptions
{
    private const string Group = "Operations";

    private static readonly BodySchema Report = new("HealthReport", null, Fields.Object(
        new Field("status", Fields.OneOf("alive", "ready", "not-ready", "healthy", "unhealthy"), Required: true),
        new Field("failures", Fields.Map(Fields.Text("What is wrong, in one sentence.")), Required: true),
        new Field("warnings", Fields.Map(Fields.Text("What is not wrong yet, in one sentence; of the full check only.")))));

    public static OperationDescription Alive { get; } = new("getHealth", Group, "Says that the process is alive; looks at nothing else.")
    {
        Answers = [AnswerDescription.Of(200, "Alive.", Report)],
    };

    public static OperationDescription Ready { get; } = new("getReadiness", Group, "Says whether requests should be sent here.")
    {
        Answers = [AnswerDescription.Of(200, "They should.", Report), AnswerDescription.Of(503, "They should not; failures says why.", Report)],
    };

    public static OperationDescription Full { get; } = new("getFullHealth", Group, "Writes and reads back through the catalog and every store.")
    {
        Answers = [AnswerDescription.Of(200, "All is well.", Report), AnswerDescription.Of(503, "Something fails; failures says what.", Report)],
    };
}

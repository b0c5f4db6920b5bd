using System.Text.Json;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Changes;

/// <summary>What a client asks for on a socket that follows several scopes.</summary>
/// <param name="Subscribe">True to follow a scope, false to stop.</param>
/// <param name="Scope">Its name.</param>
/// <param name="Since">The last change that the client knows; null: from now on.</param>
/// <param name="Prefix">Only changes of paths that begin so; null: all.</param>
internal sealed record ClientFrame(bool Subscribe, string Scope, long? Since, string? Prefix)
{
    /// <summary>Most bytes of a message from a client: a prefix of 1,024 bytes, escaped, with room for the rest.</summary>
    public const int MaxBytes = 8 << 10;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Reads a message. A pong is neither a frame nor a problem.</summary>
    /// <exception cref="JsonException">It is not a JSON object.</exception>
    public static (ClientFrame? Frame, Problem? Problem) Read(ReadOnlyMemory<byte> message)
    {
        using var document = JsonDocument.Parse(message, Options);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("A message is a JSON object.");
        var scope = Text(root, "scope");
        return Text(root, "type") switch
        {
            "pong" or "ping" => (null, null),
            "subscribe" when scope is not null => ReadSubscribe(root, scope),
            "unsubscribe" when scope is not null => (new ClientFrame(false, scope, null, null), null),
            "subscribe" or "unsubscribe" => (null, Problem.Invalid("scope", "scope is the name of a scope.")),
            _ => (null, Problem.Invalid("type", "type is subscribe, unsubscribe or pong.")),
        };
    }

    private static (ClientFrame?, Problem?) ReadSubscribe(JsonElement root, string scope)
    {
        long? since = null;
        if (root.TryGetProperty("since", out var from) && from.ValueKind != JsonValueKind.Null)
        {
            if (from.ValueKind != JsonValueKind.Number || !from.TryGetInt64(out var number) || number < 0)
                return (null, Problem.Invalid("since", "since is a sequence number."));
            since = number;
        }

        var prefix = Text(root, "prefix");
        return prefix?.Length > ChangeSubscription.MaxPrefix
            ? (null, Problem.Invalid("prefix", $"prefix has at most {ChangeSubscription.MaxPrefix} characters."))
            : (new ClientFrame(true, scope, since, prefix), null);
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

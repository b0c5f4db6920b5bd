using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.CommandLine;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Scopes;

/// <summary>What attach and edit-store say about a store of a scope.</summary>
internal sealed class AttachmentOptions
{
    /// <summary>The name of the store.</summary>
    public static Argument<string> Store() => new("store") { Description = "Name of the store", HelpName = "STORE" };

    private readonly Option<string?> uploadPriority = new("--upload-priority") { Description = "Higher is written first; unset is last", HelpName = "N" };
    private readonly Option<string?> downloadPriority = new("--download-priority") { Description = "Higher is read first; unset is last", HelpName = "N" };
    private readonly Option<bool?> populate = new("--populate") { Description = "Copy everything in the scope to this store" };
    private readonly Option<string?> drain = new("--drain") { Description = "Move everything away from this store [=STORE: to that one]", HelpName = "STORE", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool?> readOnly = new("--read-only") { Description = "Write nothing new here" };
    private readonly Option<bool?> writeOnly = new("--write-only") { Description = "Read nothing from here; only populate writes here" };
    private readonly Option<string?> softMaxSize = new("--soft-max-size") { Description = "Most bytes of this scope that maintenance leaves here", HelpName = "SIZE" };
    private readonly Option<string[]> unset = Patch.UnsetOption("upload-priority, download-priority, soft-max-size, populate, drain, read-only, write-only");

    /// <summary>All of them, for the help page.</summary>
    public Symbol[] All => [uploadPriority, downloadPriority, populate, drain, readOnly, writeOnly, softMaxSize, unset];

    /// <summary>The body of the request: only what is on the command line.</summary>
    public JsonObject Body(Session session)
    {
        var policy = new JsonObject();
        var patch = new Patch(session)
            .Number("uploadPriority", uploadPriority)
            .Number("downloadPriority", downloadPriority)
            .Flag(policy, "populate", populate)
            .Custom(policy, "drain", drain, ReadDrain)
            .Flag(policy, "readOnly", readOnly)
            .Flag(policy, "writeOnly", writeOnly)
            .Size(policy, "softMaxSize", softMaxSize)
            .Unset(unset);
        // Drain is false, true or a name; it has no null.
        if (policy.TryGetPropertyValue("drain", out var value) && value is null)
            policy["drain"] = false;
        if (policy.Count > 0)
            patch.Body["policy"] = policy;
        return patch.Body;
    }

    private static JsonNode? ReadDrain(string? text) => text switch
    {
        null or "true" => JsonValue.Create(true),
        "" or "false" => JsonValue.Create(false),
        _ when RemotePath.IsName(text) => JsonValue.Create(text),
        _ => throw new UsageException($"--drain: '{text}' is not the name of a store."),
    };
}

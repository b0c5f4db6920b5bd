using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Stores;

/// <summary>store edit STORE: limits, bounds and secrets. Backend and place cannot change.</summary>
internal static class StoreEditCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = StoreOptions.Name();
        var options = new StoreOptions();
        var unset = Patch.UnsetOption("soft-max-size, max-size, max-concurrent-reads, max-concurrent-writes, external-endpoint, storage-class");
        return new Command("edit", "Change a store; what is not named stays, \"\" unsets. Backend and place cannot change")
            .With(
                name, options.AccessKey, options.SecretKeyFile, options.ExternalEndpoint, options.StorageClass, options.Checksums,
                options.InstanceWide, options.SoftMaxSize, options.MaxSize, options.MaxConcurrentReads, options.MaxConcurrentWrites, options.Verify, unset)
            .Does(runner, async (session, cancellationToken) =>
            {
                var target = StoreView.Target(session.Value(name)!);
                var body = await BodyAsync(session, options, unset, cancellationToken);
                StoreView.Print(session, await session.Client.PatchAsync<FileStore>(target, body, cancellationToken)
                    ?? await session.Client.GetAsync<FileStore>(target, cancellationToken));
                return ExitCode.Done;
            });
    }

    private static async Task<JsonObject> BodyAsync(Session session, StoreOptions options, Option<string[]> unset, CancellationToken cancellationToken)
    {
        var configuration = new JsonObject();
        var patch = new Patch(session);
        patch.Size("softMaxSize", options.SoftMaxSize)
            .Size("maxSize", options.MaxSize)
            .Number("maxConcurrentReads", options.MaxConcurrentReads)
            .Number("maxConcurrentWrites", options.MaxConcurrentWrites)
            .Flag(patch.Body, "instanceWide", options.InstanceWide)
            .Text(patch.Body, "verify", options.Verify)
            .Text(configuration, "externalEndpoint", options.ExternalEndpoint)
            .Text(configuration, "storageClass", options.StorageClass)
            .Text(configuration, "checksums", options.Checksums)
            .Text(configuration, "accessKey", options.AccessKey)
            .Unset(unset);
        // The environment is not looked at here: an edit changes only what is named.
        if (session.Value(options.SecretKeyFile) is { } file)
            configuration["secretKey"] = await SecretSource.ReadAsync(session, "--secret-key-file", file, "", cancellationToken);
        if (configuration.Count > 0)
            patch.Body["configuration"] = configuration;
        return patch.Body;
    }
}

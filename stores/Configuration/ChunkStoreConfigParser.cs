using System.Text.Json;

namespace Granary.Stores;

/// <summary>
/// Reads the <c>configuration</c> of a store from the API's JSON, collecting everything that is wrong with it, and writes
/// it, without secrets, for the catalog and for answers.
/// </summary>
public static class ChunkStoreConfigParser
{
    /// <summary>Reads the configuration of a new store.</summary>
    /// <param name="backend"><c>local</c> or <c>s3</c>.</param>
    /// <param name="configuration">The JSON object; unknown members are refused.</param>
    /// <param name="rules">What the operator allows.</param>
    public static ChunkStoreConfigResult Parse(string? backend, JsonElement configuration, ChunkStoreRules rules)
    {
        if (backend is not (LocalStoreConfig.Kind or S3StoreConfig.Kind))
            return Refused(new("backend", $"The backend is \"{backend}\"; it must be \"local\" or \"s3\"."));
        if (configuration.ValueKind != JsonValueKind.Object)
            return Refused(new("configuration", "The configuration must be a JSON object."));
        var reader = new ConfigReader(configuration);
        return backend == LocalStoreConfig.Kind ? LocalStoreConfigReader.Read(reader, rules) : S3StoreConfigReader.Read(reader, rules);
    }

    /// <summary>Reads a change of an existing store's configuration: secrets may change, everything else must stay (D50).</summary>
    /// <param name="current">The configuration as it is.</param>
    /// <param name="credentials">The secrets as they are.</param>
    /// <param name="change">The JSON object; members that are absent stay.</param>
    public static ChunkStoreConfigResult ParseChange(ChunkStoreConfig current, StoreCredentials? credentials, JsonElement change)
    {
        if (change.ValueKind != JsonValueKind.Object)
            return Refused(new("configuration", "The configuration must be a JSON object."));
        var reader = new ConfigReader(change);
        if (current is S3StoreConfig)
            credentials = S3StoreConfigReader.ReadCredentials(reader, credentials);
        var shown = JsonSerializer.SerializeToElement(ToJson(current));
        foreach (var member in reader.Unread())
        {
            if (!shown.TryGetProperty(member.Name, out var same))
                reader.Fail(member.Name, $"A store of backend \"{current.Backend}\" has no member \"{member.Name}\" that can change.");
            else if (!JsonElement.DeepEquals(same, member.Value))
                reader.Fail(member.Name, "The place and the settings of an existing store cannot change; only its secrets can.");
        }

        return reader.Failures.Count > 0 ? new(null, null, reader.Failures) : new(current, credentials, []);
    }

    /// <summary>The configuration as the API shows it and the catalog keeps it; it holds no secret.</summary>
    public static Dictionary<string, object?> ToJson(ChunkStoreConfig config) => config switch
    {
        LocalStoreConfig local => new() { ["path"] = local.Path, ["silo"] = local.Silo },
        S3StoreConfig s3 => new()
        {
            ["endpoint"] = ShowEndpoint(s3.Endpoint),
            ["externalEndpoint"] = s3.ExternalEndpoint is { } external ? ShowEndpoint(external) : null,
            ["region"] = s3.Region,
            ["bucket"] = s3.Bucket,
            ["prefix"] = s3.Prefix,
            ["storageClass"] = s3.StorageClass,
            ["forcePathStyle"] = s3.ForcePathStyle,
            ["checksums"] = S3StoreConfigReader.Text(s3.Checksums),
        },
        _ => throw new ArgumentException($"There is no backend \"{config.Backend}\".", nameof(config)),
    };

    /// <summary>The configuration as JSON text, for the catalog.</summary>
    public static string Serialize(ChunkStoreConfig config) => JsonSerializer.Serialize(ToJson(config));

    /// <summary>Reads back what <see cref="Serialize"/> wrote. Rules are not asked again: they hold when a store is made.</summary>
    /// <exception cref="FormatException">It is not a configuration of that backend.</exception>
    public static ChunkStoreConfig Deserialize(string backend, string json)
    {
        using var document = JsonDocument.Parse(json);
        var reader = new ConfigReader(document.RootElement);
        var result = backend switch
        {
            LocalStoreConfig.Kind => LocalStoreConfigReader.Read(reader, rules: null),
            S3StoreConfig.Kind => S3StoreConfigReader.Read(reader, rules: null),
            _ => Refused(new("backend", $"There is no backend \"{backend}\".")),
        };
        return result.Config ?? throw new FormatException(string.Join(' ', result.Failures.Select(f => $"{f.Field}: {f.Sentence}")));
    }

    internal static string ShowEndpoint(Uri endpoint) => endpoint.GetLeftPart(UriPartial.Authority);

    private static ChunkStoreConfigResult Refused(ConfigFailure failure) => new(null, null, [failure]);
}

using System.Text.Json;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Rules on a store's settings that need no row (D9, D50).</summary>
internal static class StoreRules
{
    private static readonly string[] LocalPlace = ["path", "silo"];

    // A bucket is the same one under another external address, but not under another endpoint, name or prefix.
    private static readonly string[] S3Place = ["endpoint", "region", "bucket", "prefix"];

    public static AdminOutcome? CheckBackend(string backend, string configuration)
    {
        if (backend is not ("local" or "s3"))
        {
            return AdminOutcome.Invalid("A store's backend is 'local' or 's3'.", "backend");
        }

        return TryParse(configuration, out var document, out var refused) ? Use(document) : refused;
    }

    public static AdminOutcome? CheckLimits(FileStoreSettings settings)
    {
        if (settings.MaxSize < 0)
        {
            return AdminOutcome.Invalid("A limit is 0 or more bytes.", "maxSize");
        }

        if (settings.SoftMaxSize < 0)
        {
            return AdminOutcome.Invalid("A limit is 0 or more bytes.", "softMaxSize");
        }

        if (settings.SoftMaxSize > settings.MaxSize)
        {
            return AdminOutcome.Invalid("The soft limit is at most the hard limit.", "softMaxSize");
        }

        if (settings.MaxConcurrentReads < 1)
        {
            return AdminOutcome.Invalid("At least 1 read at one time.", "maxConcurrentReads");
        }

        return settings.MaxConcurrentWrites < 1 ? AdminOutcome.Invalid("At least 1 write at one time.", "maxConcurrentWrites") : null;
    }

    /// <summary>The place cannot change: another place would be another store with the same rows.</summary>
    public static AdminOutcome? CheckPlace(string backend, string before, string? after)
    {
        if (after is null)
        {
            return null;
        }

        if (!TryParse(after, out var next, out var refused))
        {
            return refused;
        }

        using (next)
        using (var current = JsonDocument.Parse(before))
        {
            foreach (var name in backend == "local" ? LocalPlace : S3Place)
            {
                if (Value(current.RootElement, name) != Value(next.RootElement, name))
                {
                    return AdminOutcome.Invalid("The place of a store cannot change; create another store and move the content there.", name);
                }
            }
        }

        return null;
    }

    private static string? Value(JsonElement configuration, string name) =>
        configuration.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    private static AdminOutcome? Use(JsonDocument document)
    {
        document.Dispose();
        return null;
    }

    private static bool TryParse(string json, out JsonDocument document, out AdminOutcome? refused)
    {
        refused = null;
        try
        {
            document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return true;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            document = null!;
        }

        refused = AdminOutcome.Invalid("A store's configuration is a JSON object.", "configuration");
        return false;
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A namespace answer as it is kept with its idempotency key.</summary>
internal sealed record NamespaceOutcome(
    long Version, long Sequence, bool Created, long Size, string? Etag, string? Sha256, int ChunkCount, int Deduplicated, string? Path)
{
    public static string Write(NamespaceResult result) =>
        JsonSerializer.Serialize(
            new NamespaceOutcome(
                result.Version, result.Sequence, result.Created, result.Size, result.Etag, result.Sha256?.ToString(), result.ChunkCount, result.Deduplicated, result.Path?.Text),
            NamespaceOutcomeJson.Default.NamespaceOutcome);

    public static NamespaceResult Read(string json)
    {
        var outcome = JsonSerializer.Deserialize(json, NamespaceOutcomeJson.Default.NamespaceOutcome)!;
        return new NamespaceResult
        {
            Status = NamespaceStatus.Done,
            Version = outcome.Version,
            Sequence = outcome.Sequence,
            Created = outcome.Created,
            Size = outcome.Size,
            Etag = outcome.Etag,
            Sha256 = outcome.Sha256 is { } hex ? ChunkHash.Parse(hex) : null,
            ChunkCount = outcome.ChunkCount,
            Deduplicated = outcome.Deduplicated,
            Path = outcome.Path is { } path ? FilePath.Parse(path) : null,
            Replayed = true,
        };
    }
}

[JsonSerializable(typeof(NamespaceOutcome))]
internal sealed partial class NamespaceOutcomeJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Files;

/// <summary>Chunks of a file that was written.</summary>
/// <param name="Total">All.</param>
/// <param name="Stored">Those that the scope did not reference before.</param>
/// <param name="Deduplicated">Those that it did.</param>
public sealed record ChunkCounts(int Total, int Stored, int Deduplicated);

/// <summary>Answer to a PUT, a copy, a move and a restore.</summary>
public sealed record WrittenFile(
    string Path, long Version, long Size, string Etag, string? Sha256, ChunkCounts Chunks, long ChangeSequence);

/// <summary>One file of a listing.</summary>
public sealed record FileItem(
    string Path, long Size, string Etag, string? Sha256, long Version, DateTimeOffset Modified, string? ContentType);

/// <summary>A page of a listing.</summary>
public sealed record FilePage(IReadOnlyList<FileItem> Items, IReadOnlyList<string> Prefixes, string? Next);

/// <summary>One kept version; <paramref name="LegalHold"/> is <c>file</c> or <c>scope</c> where a hold keeps it.</summary>
public sealed record VersionItem(
    long Version, long Size, string? Etag, string? Sha256, DateTimeOffset Modified, DateTimeOffset Committed, bool Deleted, string? LegalHold);

/// <summary>A page of versions, newest first.</summary>
public sealed record VersionPage(IReadOnlyList<VersionItem> Items, string? Next);

/// <summary>One chunk of a manifest.</summary>
public sealed record ManifestChunk(int Index, string Sha256, int Size);

/// <summary>A page of a manifest.</summary>
public sealed record ManifestPage(string Path, long Version, long Size, string Etag, IReadOnlyList<ManifestChunk> Chunks, string? Next);

/// <summary>One copy of a chunk, and why it is or is not read.</summary>
/// <param name="Store">The store's name.</param>
/// <param name="State"><c>writing</c>, <c>stored</c> or <c>deleting</c>.</param>
/// <param name="Readable">Can this scope read it now?</param>
/// <param name="Reason">Why, in one sentence.</param>
public sealed record CopyItem(string Store, string State, bool Readable, string Reason);

/// <summary>One chunk with everything that is known of it.</summary>
public sealed record ExplainedItem(
    int Index, string Sha256, int Size, long References, long? OtherReferences, DateTimeOffset? UnreferencedSince, IReadOnlyList<CopyItem> Copies);

/// <summary>A page of an explanation.</summary>
public sealed record ExplanationPage(string Path, long Version, IReadOnlyList<ExplainedItem> Chunks, string? Next);

/// <summary>How the answers of the files' endpoints are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(WrittenFile))]
[JsonSerializable(typeof(FilePage))]
[JsonSerializable(typeof(VersionPage))]
[JsonSerializable(typeof(ManifestPage))]
[JsonSerializable(typeof(ExplanationPage))]
internal sealed partial class FilesJson : JsonSerializerContext;

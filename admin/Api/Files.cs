using System.Text.Json;
using System.Text.Json.Serialization;

namespace Granary.Admin.Api;

/// <summary>What every answer of the server has in common: members this client does not know are kept for --json.</summary>
internal abstract record Answer
{
    /// <summary>Members that this version of the client has no property for.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>One page of a list; <paramref name="Next"/> is null on the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A file's current version in a listing.</summary>
internal sealed record FileItem(
    string Path, long Size, string Etag, string? Sha256, long Version, DateTimeOffset? Modified, string? ContentType) : Answer;

/// <summary>One file as stat shows it.</summary>
internal sealed record FileStat(
    string Path, long Size, string Etag, string? Sha256, long Version, DateTimeOffset? Modified, string? ContentType, string LegalHold,
    DateTimeOffset? HeldSince, string? HeldBy, string? HoldReason);

/// <summary>A page of a listing of files; prefixes are folders where a delimiter was given.</summary>
internal sealed record FilePage(IReadOnlyList<FileItem>? Items, IReadOnlyList<string>? Prefixes, string? Next);

/// <summary>How many chunks of a file there are, and how many of them the scope had not or had already.</summary>
internal sealed record ChunkCounts(long Total, long Stored, long Deduplicated);

/// <summary>The answer to a PUT, a copy, a move or a restore.</summary>
internal sealed record StoredFile(
    string Path, long Version, long Size, string Etag, string? Sha256, ChunkCounts? Chunks, long? ChangeSequence) : Answer;

/// <summary>One kept version of a file; a tombstone is deleted. <paramref name="LegalHold"/>: file or scope, where a hold keeps it.</summary>
internal sealed record FileVersion(
    long Version, long? Size, string? Etag, DateTimeOffset? Modified, DateTimeOffset? Committed, bool Deleted, string? LegalHold) : Answer;

/// <summary>One chunk of a manifest: hex SHA-256 and bytes.</summary>
internal sealed record ManifestChunk(string Sha256, long Size);

/// <summary>The ordered chunks of one version of a file; <paramref name="Next"/> is there while more follow.</summary>
internal sealed record Manifest(string Path, long Version, long Size, string Etag, IReadOnlyList<ManifestChunk> Chunks, string? Next) : Answer;

/// <summary>Where one copy of a chunk is, and why.</summary>
internal sealed record ExplainedCopy(string Store, string State, bool Readable, string? Reason) : Answer;

/// <summary>One chunk of a file, its references, and its copies.</summary>
internal sealed record ExplainedChunk(
    long Index, string Sha256, long Size, long References, long? OtherReferences, IReadOnlyList<ExplainedCopy>? Copies) : Answer;

/// <summary>Chunks of a version of a file with their copies; <paramref name="Next"/> is there while more follow.</summary>
internal sealed record Explanation(string Path, long Version, IReadOnlyList<ExplainedChunk> Chunks, string? Next) : Answer;

/// <summary>Body of files:copy and files:move.</summary>
internal sealed record CopyRequest(string From, string To, string? ToScope, string? IfMatch);

/// <summary>Body of files:restore.</summary>
internal sealed record RestoreRequest(string Path, long Version);

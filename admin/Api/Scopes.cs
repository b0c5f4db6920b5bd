using System.Text.Json;

namespace Granary.Admin.Api;

/// <summary>What a scope does with a store. <paramref name="Drain"/> is false, true, or the name of a store.</summary>
internal sealed record AttachmentPolicy(bool Populate, JsonElement? Drain, bool ReadOnly, bool WriteOnly, long? SoftMaxSize) : Answer;

/// <summary>One store of a scope: priorities, policy, and the chunks and bytes of this scope in it.</summary>
internal sealed record Attachment(
    string Store, string? Backend, long? UploadPriority, long? DownloadPriority, AttachmentPolicy? Policy, string? State, string? Why, long? Chunks, long? Bytes) : Answer;

/// <summary>A scope with its limits and, when shown alone, its usage and its stores. Sizes in bytes.</summary>
internal sealed record Scope(
    string Name, long? QuotaBytes, long? KeepVersions, long? KeepDays, bool? LegalHold, long? HeldFiles, long? LogicalBytes, long? UniqueBytes, long? ReservedBytes,
    long? Files, DateTimeOffset? CountedAt, IReadOnlyList<Attachment>? Stores, string? State, DateTimeOffset? Created,
    IReadOnlyList<string>? Warnings) : Answer;

/// <summary>Body of the creation of a scope.</summary>
internal sealed record CreateScope(string Name, long? QuotaBytes, long? KeepVersions, long? KeepDays, bool? LegalHold);

namespace Granary.Admin.Api;

/// <summary>One change of a scope.</summary>
internal sealed record Change(
    long Sequence, DateTimeOffset Time, string Type, string Path, string? OldPath, long Version, long Size, string? By) : Answer;

/// <summary>A frame of the socket that follows changes: connected, change, ping.</summary>
internal sealed record ChangeFrame(string Type, string? Scope, long? Sequence, Change? Change) : Answer;

/// <summary>A webhook; its secret only when it was just made.</summary>
internal sealed record Webhook(
    string Id, string Url, string? Prefix, string State, string? Reason, long Position, long Waiting, DateTimeOffset? NextAttempt, DateTimeOffset? Created,
    string? Secret) : Answer;

/// <summary>One delivery of a webhook.</summary>
internal sealed record Delivery(
    string Id, string State, long After, long UpTo, int Changes, int Attempts, int? Status, string? Error, DateTimeOffset? Created, DateTimeOffset? Attempted) : Answer;

/// <summary>Body of the creation of a webhook.</summary>
internal sealed record CreateWebhook(string Url, string? Prefix, string? Secret);

namespace Granary.Admin.Api;

/// <summary>What holds a file: <paramref name="LegalHold"/> is file, scope or none.</summary>
internal sealed record FileHold(string Path, string LegalHold, DateTimeOffset? Since, string? By, string? Reason) : Answer;

/// <summary>Body of a hold.</summary>
internal sealed record HoldRequest(string? Reason);

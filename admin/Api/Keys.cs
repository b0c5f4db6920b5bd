namespace Granary.Admin.Api;

/// <summary>An API key. The secret is there only in the answer to its creation.</summary>
internal sealed record ApiKey(
    string Id, string Name, IReadOnlyList<string>? Rights, IReadOnlyList<string>? Scopes, DateTimeOffset? Expires, string? Secret) : Answer;

/// <summary>Body of the creation of an API key.</summary>
internal sealed record CreateKey(string Name, IReadOnlyList<string> Rights, IReadOnlyList<string>? Scopes, DateTimeOffset? Expires);

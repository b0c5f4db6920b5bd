namespace Granary.Admin.Api;

/// <summary>A tenant with its limits and usage, and the stores that it may attach. Sizes in bytes.</summary>
internal sealed record Tenant(
    string Name, long? QuotaBytes, long? MaxFileBytes, long? RequestsPerMinute, IReadOnlyList<string>? Stores,
    long? LogicalBytes, long? ReservedBytes) : Answer;

/// <summary>Body of the creation of a tenant.</summary>
internal sealed record CreateTenant(
    string Name, long? QuotaBytes, long? MaxFileBytes, long? RequestsPerMinute, IReadOnlyList<string>? Stores);

namespace Granary.Admin.Connection;

/// <summary>Where requests go and as whom.</summary>
/// <param name="Url">Address of the server, with the path it is mounted at.</param>
/// <param name="Token">The credential, or null for none.</param>
/// <param name="Tenant">Sent as X-Granary-Tenant, or null.</param>
/// <param name="UrlWasGiven">The address was named, as opposed to found in the default data folder.</param>
internal sealed record ServerAddress(Uri Url, string? Token, string? Tenant, bool UrlWasGiven);

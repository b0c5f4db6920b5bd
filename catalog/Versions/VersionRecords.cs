namespace Granary.Catalog;

/// <summary>What one page of version expiry did.</summary>
/// <param name="Worked">False when nothing is due now.</param>
/// <param name="Versions">Versions and superseded tombstones that went.</param>
/// <param name="Bytes">Logical bytes given back to the quotas.</param>
public sealed record ExpiredPage(bool Worked, long Versions, long Bytes);

/// <summary>Versions whose time is over.</summary>
/// <param name="Versions">How many.</param>
/// <param name="Bytes">Their logical bytes together.</param>
public sealed record VersionsDue(long Versions, long Bytes);

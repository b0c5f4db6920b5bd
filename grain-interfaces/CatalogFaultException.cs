namespace Granary.GrainInterfaces;

/// <summary>
/// A grain could not do what it was asked because the catalog could not: not reached, full, too busy. Whether a change took
/// effect may be unknown; a repeat under the same key finds out. The fault itself stays in the log of the grain's silo: what
/// a database driver throws does not travel.
/// </summary>
/// <param name="message">One sentence.</param>
[GenerateSerializer, Alias("granary.CatalogFaultException")]
public sealed class CatalogFaultException(string message) : Exception(message);

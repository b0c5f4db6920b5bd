using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A file under legal hold: none of its versions is removed.</summary>
/// <param name="Path">The path; what is moved away from it leaves its versions here.</param>
/// <param name="Since">When the hold was set.</param>
/// <param name="By">Name of the credential that set it.</param>
/// <param name="Reason">Why, for people; null when not said.</param>
public sealed record FileHold(FilePath Path, DateTimeOffset Since, string By, string? Reason);

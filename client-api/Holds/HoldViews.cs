namespace Granary.ClientApi.Holds;

/// <summary>What holds a file: its own legal hold, its scope's, or nothing.</summary>
/// <param name="Path">The file.</param>
/// <param name="LegalHold"><c>file</c>, <c>scope</c> or <c>none</c>.</param>
/// <param name="Since">When its own hold was set.</param>
/// <param name="By">The credential that set it.</param>
/// <param name="Reason">Why, where that was said.</param>
internal sealed record FileHoldView(string Path, string LegalHold, DateTimeOffset? Since, string? By, string? Reason);

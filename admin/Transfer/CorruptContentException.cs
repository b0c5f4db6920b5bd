namespace Granary.Admin.Transfer;

/// <summary>Bytes arrived that are not what the manifest says, more than once.</summary>
internal sealed class CorruptContentException(string message) : Exception(message);

namespace Granary.Admin.Transfer;

/// <summary>A file of this machine cannot be read, written, or changed under our hands; the others go on.</summary>
internal sealed class LocalFileException(string message, Exception? cause = null) : Exception(message, cause);

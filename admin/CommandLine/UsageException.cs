namespace Granary.Admin.CommandLine;

/// <summary>The command line parsed, but what it asks for makes no sense. Ends with <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);

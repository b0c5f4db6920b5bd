namespace Granary.Silo.Commands;

/// <summary>Exit codes of the server's commands. Stable.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Wrong usage, wrong settings.</summary>
    public const int Usage = 2;

    /// <summary>Refused: the data folder is in use.</summary>
    public const int Refused = 3;

    /// <summary>The server could not start, or failed.</summary>
    public const int Failed = 4;

    /// <summary>Interrupted from the keyboard.</summary>
    public const int Interrupted = 130;
}

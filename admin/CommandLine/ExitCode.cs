namespace Granary.Admin.CommandLine;

/// <summary>The exit codes of every command. They are stable: scripts rely on them (docs, the command).</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for is done.</summary>
    public const int Done = 0;

    /// <summary>The work was done, but something in it failed or is missing; a line on stderr names each.</summary>
    public const int Incomplete = 1;

    /// <summary>The command line is wrong; nothing was tried.</summary>
    public const int Usage = 2;

    /// <summary>The server refused; the code of the problem is printed.</summary>
    public const int Refused = 3;

    /// <summary>The server cannot be reached, or failed.</summary>
    public const int ServerFailed = 4;

    /// <summary>Interrupted by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;

    /// <summary>What the end of every help page says.</summary>
    public static readonly IReadOnlyList<(int Code, string Meaning)> Meanings =
    [
        (Done, "done"),
        (Incomplete, "done, but something failed or is missing"),
        (Usage, "wrong usage"),
        (Refused, "refused by the server (the problem's code is printed)"),
        (ServerFailed, "the server cannot be reached, or failed"),
        (Interrupted, "interrupted"),
    ];
}

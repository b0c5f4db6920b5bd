using System.CommandLine;
using Granary.Admin.Api;

namespace Granary.Admin.CommandLine;

/// <summary>How things are deleted: plainly when they are empty, with --force --yes when they are not.</summary>
internal static class Deletion
{
    /// <summary>--force and --yes.</summary>
    public static (Option<bool> Force, Option<bool> Yes) Options(string forceDoes) => (
        new Option<bool>("--force") { Description = forceDoes + "; needs --yes" },
        new Option<bool>("--yes") { Description = "Confirms --force" });

    /// <summary>Deletes one thing and prints it.</summary>
    /// <exception cref="UsageException">--force without --yes.</exception>
    public static async Task<int> RunAsync(Session session, string kind, string name, string target, bool force, bool yes, CancellationToken cancellationToken)
    {
        if (force && !yes)
            throw new UsageException($"--force deletes {kind} '{name}' with what is in it; add --yes to confirm.");
        await session.Client.DeleteAsync(force ? target + "?force=true" : target, null, cancellationToken);
        session.Printer.Event(new Deleted(kind, name), $"deleted {kind} {name}");
        return ExitCode.Done;
    }
}

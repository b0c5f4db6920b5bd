using System.CommandLine;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Files;

/// <summary>Options that several commands on files have.</summary>
internal static class FileOptions
{
    /// <summary>Work on everything below a folder.</summary>
    public static Option<bool> Recursive(string description) => new("--recursive", "-r") { Description = description };

    /// <summary>How many files are worked on at once.</summary>
    public static Option<int> Jobs() => new("--jobs", "-j")
    {
        Description = "How many files at a time",
        HelpName = "N",
        DefaultValueFactory = _ => 8,
        Validators =
        {
            result =>
            {
                if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var jobs) || jobs is < 1 or > 256))
                    result.AddError("--jobs is a number from 1 to 256.");
            },
        },
    };

    /// <summary>A version other than the current one.</summary>
    public static Option<long?> Version(string description) => new("--version")
    {
        Description = description,
        HelpName = "N",
    };

    /// <summary>Show what would be done.</summary>
    public static Option<bool> DryRun() => new("--dry-run", "-n") { Description = "Print what would be done, and do nothing" };

    /// <summary>The sentence for a command that needs a file and was given a folder.</summary>
    public static UsageException NotAFile(Paths.RemotePath place) => new($"{place} is a folder; add -r to mean everything in it.");
}

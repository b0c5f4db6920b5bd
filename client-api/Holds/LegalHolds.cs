using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Holds;

/// <summary>Legal hold as answers name it.</summary>
internal static class LegalHolds
{
    public const string File = "file";
    public const string Scope = "scope";
    public const string None = "none";

    /// <summary>The hold of a file as it is shown; its own comes before its scope's.</summary>
    public static FileHoldView View(ScopeInfo scope, FilePath path, FileHold? hold) => hold is null
        ? new FileHoldView(path.Text, scope.Settings.LegalHold ? Scope : None, null, null, null)
        : new FileHoldView(path.Text, File, hold.Since, hold.By, hold.Reason);

    /// <summary>What holds a file; null for nothing.</summary>
    public static string? NameOf(ScopeInfo scope, FileHold? hold) => hold is not null ? File : scope.Settings.LegalHold ? Scope : null;
}

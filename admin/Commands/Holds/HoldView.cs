using Granary.Admin.Api;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Holds;

/// <summary>Where legal holds are, and how they look.</summary>
internal static class HoldView
{
    /// <summary>The files of a scope that are held.</summary>
    public static string List(string scope) => $"/api/v1/scopes/{RequestTarget.Segment(scope)}/holds";

    /// <summary>The hold of one file.</summary>
    public static string Target(RemotePath place) => RequestTarget.Hold(place.Scope, place.Path);

    /// <summary>What holds a file, in words.</summary>
    public static string Text(FileHold hold) => hold.LegalHold switch
    {
        "file" => $"since {Show.Time(hold.Since)} by {Show.Name(hold.By ?? Show.None)}{(hold.Reason is { } reason ? ": " + Show.Name(reason) : "")}",
        "scope" => "of the whole scope",
        _ => Show.None,
    };
}

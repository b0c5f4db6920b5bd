using System.CommandLine;

namespace Granary.Admin.CommandLine;

/// <summary>The options that every command has.</summary>
internal static class GlobalOptions
{
    /// <summary>Address of the server; else GRANARY_URL, else what the data folder says.</summary>
    public static readonly Option<string?> Url = new("--url")
    {
        Description = "Address of the server [env: GRANARY_URL]",
        HelpName = "URL",
        Recursive = true,
    };

    /// <summary>A file that holds the API key; the key itself is never an argument.</summary>
    public static readonly Option<string?> Token = new("--token")
    {
        Description = "File with the API key, - for stdin [env: GRANARY_TOKEN, GRANARY_TOKEN_FILE]",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>Data folder of an embedded server, whose `url` and `operator.key` are used.</summary>
    public static readonly Option<string?> Data = new("--data")
    {
        Description = "Data folder of the server, holding url and operator.key [env: GRANARY_DATA; default: data beside the launcher]",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>Tenant to act in, for operator credentials.</summary>
    public static readonly Option<string?> Tenant = new("--tenant")
    {
        Description = "Tenant to act in (operator keys only)",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <summary>JSON on stdout, one object per line; errors as JSON on stderr.</summary>
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object per line",
        Recursive = true,
    };

    /// <summary>Sizes as plain bytes.</summary>
    public static readonly Option<bool> Bytes = new("--bytes")
    {
        Description = "Show sizes as plain bytes",
        Recursive = true,
    };

    /// <summary>No progress and no summaries; failures still speak.</summary>
    public static readonly Option<bool> Quiet = new("--quiet", "-q")
    {
        Description = "No progress and no summaries",
        Recursive = true,
    };

    /// <summary>All of them, in the order of the help page.</summary>
    public static readonly IReadOnlyList<Option> All = [Url, Token, Data, Tenant, Json, Bytes, Quiet];
}

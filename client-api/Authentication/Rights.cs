namespace Granary.ClientApi.Authentication;

/// <summary>What a credential may do (http-api, Credentials).</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read files, versions, lists and settings.</summary>
    Read = 1,

    /// <summary>Write, delete, copy and restore files. Does not include reading: a backup's key need not read.</summary>
    Write = 2,

    /// <summary>Scopes, attachments and keys of the tenant. Includes reading and writing.</summary>
    Admin = 4,

    /// <summary>Everything, in every tenant.</summary>
    Operator = 8,
}

/// <summary>Rights as text and what they include.</summary>
public static class RightsText
{
    /// <summary>All names, in the order of their weight.</summary>
    public static IReadOnlyList<string> Names { get; } = ["read", "write", "admin", "operator"];

    /// <summary>Reads the names; unknown ones are ignored, so that a key of a newer version is not stronger here.</summary>
    public static Rights Parse(IEnumerable<string> names)
    {
        var rights = Rights.None;
        foreach (var name in names)
        {
            rights |= name switch
            {
                "read" => Rights.Read,
                "write" => Rights.Write,
                "admin" => Rights.Admin | Rights.Read | Rights.Write,
                "operator" => Rights.Operator | Rights.Admin | Rights.Read | Rights.Write,
                _ => Rights.None,
            };
        }

        return rights;
    }

    /// <summary>The name of one right.</summary>
    public static string Name(Rights right) => right switch
    {
        Rights.Read => "read",
        Rights.Write => "write",
        Rights.Admin => "admin",
        Rights.Operator => "operator",
        _ => right.ToString(),
    };
}

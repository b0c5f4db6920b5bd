namespace Granary.Admin.Api;

/// <summary>The next command to try after a refusal, by the problem's code.</summary>
internal static class ErrorAdvice
{
    /// <summary>One sentence, or null where the server's own says enough.</summary>
    public static string? For(ApiException refusal, string? scope)
    {
        var inScope = scope ?? "SCOPE";
        return refusal.Code switch
        {
            "unauthenticated" => "Give a key with --token FILE, GRANARY_TOKEN_FILE or GRANARY_TOKEN, or name the server's data folder with --data DIR.",
            "forbidden" => "Use a key that has the right; an admin makes one with 'granary key create'.",
            "tenant-required" => "Add --tenant NAME; 'granary tenant list' names them.",
            "not-found" when scope is not null => $"See what is there with 'granary ls {scope}:/', or 'granary ls' for the scopes.",
            "not-found" => "See what is there with the 'list' command of the same noun.",
            "no-store-available" => $"See why with 'granary scope show {inScope}'; attach a store with room by 'granary scope attach {inScope} STORE'.",
            "quota-exceeded" => $"See the limits with 'granary scope show {inScope}'; 'granary scope edit {inScope} --quota SIZE' changes one.",
            "legal-hold" => $"See what is held with 'granary scope show {inScope}' and 'granary hold {inScope}:'; an admin ends a hold with 'granary unhold', or 'granary scope edit {inScope} --legal-hold=false'.",
            "no-target" => "Attach another store to the scope by 'granary scope attach SCOPE STORE --upload-priority N', then try again.",
            "not-empty" => "Empty it first, or add --force --yes.",
            "file-too-large" => "'granary tenant edit NAME --max-file-size SIZE' changes the limit.",
            "rate-limited" => "Try again later, or with fewer at a time (--jobs).",
            "busy" or "unavailable" => "See what is wrong with 'granary health'.",
            "precondition-failed" => "Somebody changed the file meanwhile; look with 'granary stat' and try again.",
            _ => null,
        };
    }

    /// <summary>What to do when no server answers.</summary>
    public static string ForUnreachable(bool addressWasGiven) => addressWasGiven
        ? "Check the address, and that the server runs."
        : "Start the server with 'granary up', or name another with --url URL.";
}

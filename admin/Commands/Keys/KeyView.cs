using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Keys;

/// <summary>How API keys look, and how one is found by the start of its id.</summary>
internal static class KeyView
{
    /// <summary>The list of keys.</summary>
    public const string Root = "/api/v1/api-keys";

    /// <summary>A list of keys.</summary>
    public static Table<ApiKey> List() => new(
        new Column<ApiKey>("ID", key => key.Id),
        new Column<ApiKey>("NAME", key => Show.Name(key.Name)),
        new Column<ApiKey>("RIGHTS", key => Show.List(key.Rights)),
        new Column<ApiKey>("SCOPES", Scopes),
        new Column<ApiKey>("EXPIRES", Expires));

    /// <summary>Prints one key.</summary>
    public static void Print(Session session, ApiKey key)
    {
        var properties = new List<(string, string)>
        {
            ("id", key.Id),
            ("name", Show.Name(key.Name)),
            ("rights", Show.List(key.Rights)),
            ("scopes", Scopes(key)),
            ("expires", Expires(key)),
        };
        if (key.Secret is { } secret)
            properties.Add(("secret", secret));
        session.Printer.Record(key, [.. properties]);
    }

    /// <summary>The key whose id is, or starts with, <paramref name="id"/>.</summary>
    /// <exception cref="UsageException">None, or more than one.</exception>
    public static async Task<ApiKey> FindAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var found = new List<ApiKey>();
        await foreach (var page in session.Client.PagesAsync<ApiKey>(Root, "", cancellationToken))
            found.AddRange(page.Where(key => key.Id.StartsWith(id, StringComparison.Ordinal)));
        if (found.Find(key => key.Id == id) is { } exact)
            return exact;
        return found switch
        {
            [var only] => only,
            [] => throw new ApiException(404, new Problem(null, null, 404, "not-found", $"there is no key with the id '{id}'.")),
            _ => throw new UsageException($"'{id}' is the start of {found.Count} ids; give more of it."),
        };
    }

    private static string Scopes(ApiKey key) => key.Scopes is { Count: > 0 } scopes ? Show.List(scopes) : "all";

    private static string Expires(ApiKey key) => key.Expires is { } time ? Show.Time(time) : "never";
}

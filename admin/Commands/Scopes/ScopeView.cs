using System.Text.Json;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Scopes;

/// <summary>How scopes and their stores look.</summary>
internal static class ScopeView
{
    /// <summary>Where a scope is.</summary>
    public static string Target(string scope) => $"/api/v1/scopes/{RequestTarget.Segment(scope)}";

    /// <summary>Where a store of a scope is.</summary>
    public static string Target(string scope, string store) => $"{Target(scope)}/stores/{RequestTarget.Segment(store)}";

    /// <summary>A list of scopes.</summary>
    public static Table<Scope> List(Show show) => new(
        new Column<Scope>("SCOPE", scope => scope.Name),
        new Column<Scope>("QUOTA", scope => show.Size(scope.QuotaBytes), Right: true),
        new Column<Scope>("KEEPS", Keep),
        new Column<Scope>("STATE", scope => scope.State ?? Show.None),
        new Column<Scope>("CREATED", scope => Show.Time(scope.Created)));

    /// <summary>Prints one scope with the table of its stores.</summary>
    public static void Print(Session session, Scope scope)
    {
        var show = session.Show;
        session.Printer.Record(
            scope,
            ("scope", scope.Name),
            ("files", Show.Count(scope.Files)),
            ("logical", show.Size(scope.LogicalBytes)),
            ("unique", show.Size(scope.UniqueBytes)),
            ("reserved", show.Size(scope.ReservedBytes)),
            ("quota", show.Size(scope.QuotaBytes)),
            ("keeps", Keep(scope)),
            ("legal hold", Hold(scope)),
            ("state", scope.State ?? Show.None),
            ("created", Show.Time(scope.Created)),
            ("counted", Show.Time(scope.CountedAt)));
        if (scope.Stores is { Count: > 0 } stores)
            session.Printer.Detail("stores:", Stores(show), stores);
        else if (scope is { Stores: not null, Warnings: null })
            session.Warn($"granary: no store is attached: nothing can be stored here until 'granary scope attach {scope.Name} STORE'.");
    }

    /// <summary>Passes on what the server warns of.</summary>
    public static void Warn(Session session, Scope scope)
    {
        foreach (var warning in scope.Warnings ?? [])
            session.Warn("granary: warning: " + warning);
    }

    private static Table<Attachment> Stores(Show show) => new(
        new Column<Attachment>("  STORE", store => "  " + store.Store),
        new Column<Attachment>("BACKEND", store => store.Backend ?? Show.None),
        new Column<Attachment>("UPLOAD", store => Show.Number(store.UploadPriority), Right: true),
        new Column<Attachment>("DOWNLOAD", store => Show.Number(store.DownloadPriority), Right: true),
        new Column<Attachment>("POLICY", store => Policy(show, store.Policy)),
        new Column<Attachment>("STATE", store => store.State ?? Show.None),
        new Column<Attachment>("WHY", store => store.Why ?? Show.None),
        new Column<Attachment>("CHUNKS", store => Show.Count(store.Chunks), Right: true),
        new Column<Attachment>("BYTES", store => show.Size(store.Bytes), Right: true));

    private static string Policy(Show show, AttachmentPolicy? policy)
    {
        if (policy is null)
            return Show.None;
        var words = new List<string>();
        if (policy.Populate)
            words.Add("populate");
        if (policy.Drain is { ValueKind: JsonValueKind.True })
            words.Add("drain");
        if (policy.Drain is { ValueKind: JsonValueKind.String } to)
            words.Add($"drain to {to.GetString()}");
        if (policy.ReadOnly)
            words.Add("read-only");
        if (policy.WriteOnly)
            words.Add("write-only");
        if (policy.SoftMaxSize is { } soft)
            words.Add($"soft max {show.Size(soft)}");
        return Show.List(words);
    }

    private static string Hold(Scope scope)
    {
        if (scope.LegalHold == true)
            return "yes";
        return scope.HeldFiles is { } files and > 0 ? $"{Show.Count(files)} file{(files == 1 ? "" : "s")}" : Show.None;
    }

    private static string Keep(Scope scope)
    {
        var versions = scope.KeepVersions is { } count ? $"{count} version{(count == 1 ? "" : "s")}" : null;
        var days = scope.KeepDays is { } span ? $"{span} day{(span == 1 ? "" : "s")}" : null;
        return Show.List(new[] { versions, days }.OfType<string>());
    }
}

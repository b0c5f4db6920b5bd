using System.Text.Json;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Stores;

/// <summary>How file stores look.</summary>
internal static class StoreView
{
    /// <summary>The list of stores.</summary>
    public const string Root = "/api/v1/file-stores";

    /// <summary>Where a store is.</summary>
    public static string Target(string store) => $"{Root}/{RequestTarget.Segment(store)}";

    /// <summary>A list of stores.</summary>
    public static Table<FileStore> List(Show show) => new(
        new Column<FileStore>("STORE", store => store.Name),
        new Column<FileStore>("BACKEND", store => store.Backend),
        new Column<FileStore>("STATE", State),
        new Column<FileStore>("USED", store => show.Size(store.UsedBytes), Right: true),
        new Column<FileStore>("CHARGED", store => show.Size(store.ChargedBytes), Right: true),
        new Column<FileStore>("SOFT MAX", store => show.Size(store.SoftMaxSize), Right: true),
        new Column<FileStore>("MAX", store => show.Size(store.MaxSize), Right: true),
        new Column<FileStore>("CHUNKS", store => Show.Count(store.Chunks), Right: true));

    /// <summary>Prints one store; its configuration member by member, as the server gives it, without secrets.</summary>
    public static void Print(Session session, FileStore store)
    {
        var show = session.Show;
        var properties = new List<(string, string)>
        {
            ("store", store.Name),
            ("backend", store.Backend),
            ("state", State(store)),
        };
        if (store.Configuration is { ValueKind: JsonValueKind.Object } configuration)
            properties.AddRange(configuration.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null).Select(member => (member.Name, member.Value.ToString())));
        properties.AddRange([
            ("instance wide", Show.YesNo(store.InstanceWide)),
            ("used", show.Size(store.UsedBytes)),
            ("charged", show.Size(store.ChargedBytes)),
            ("soft max size", show.Size(store.SoftMaxSize)),
            ("max size", show.Size(store.MaxSize)),
            ("uploaded last week", show.Size(store.UploadedLastWeekBytes)),
            ("file system", store.FileSystemBytes is { } size ? $"{show.Size(size)}, {show.Size(store.FileSystemFreeBytes)} free" : Show.None),
            ("chunks", Show.Count(store.Chunks)),
            ("concurrent reads", Show.Number(store.MaxConcurrentReads)),
            ("concurrent writes", Show.Number(store.MaxConcurrentWrites)),
            ("verify", store.Verify ?? Show.None),
        ]);
        session.Printer.Record(store, [.. properties]);
        if (store.Warning is { } warning && !session.Json)
            session.Warn($"granary: {warning}");
    }

    private static string State(FileStore store) => store.OfflineReason is { Length: > 0 } reason
        ? $"{store.State ?? "offline"}: {reason}"
        : store.State ?? Show.None;
}
